// The page at /docs. A log-in, or renewed tokens, authorize all later requests of the page.
const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
  responseInterceptor(response) {
    const token = response.obj?.data?.access_token;
    if (token && /\/users\/(login|refresh-token)$/.test(response.url)) {
      ui.preauthorizeApiKey("bearer", token);
    }
    return response;
  },
});
