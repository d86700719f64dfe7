// A client of the API in types that openapi-typescript makes: tests/openapi compiles it as it stands, and runs it.
//     node shop.js ADDRESS TOKEN    (the token of an admin)
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Product = components["schemas"]["Product"];

const [address = "http://localhost:8080", adminToken = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: address });

function shown<T>(answer: { data?: { data: T }; error?: components["schemas"]["Failure"] }): T {
  if (!answer.data) {
    throw new Error(`${answer.error?.error.code}: ${answer.error?.error.message}`);
  }
  return answer.data.data;
}

// Registration and log-in.
const account = { email: "theo@shop.example", password: "a long enough phrase", name: "Theo" };
shown(await api.POST("/api/v1/users/register", { body: account }));
const tokens = shown(await api.POST("/api/v1/users/login", { body: { email: account.email, password: account.password } }));
const own = { Authorization: `Bearer ${tokens.access_token}` };
console.log(shown(await api.GET("/api/v1/users/me", { headers: own })).role);

// A list without any parameter, and all its pages.
let page = shown(await api.GET("/api/v1/products"));
let count = page.products.length;
while (page.next_cursor) {
  page = shown(await api.GET("/api/v1/products", { params: { query: { cursor: page.next_cursor } } }));
  count += page.products.length;
}
console.log(count === page.total_count);

// A product with its required fields only, and a change of one field.
const headers = { Authorization: `Bearer ${adminToken}` };
const made: Product = shown(
  await api.POST("/api/v1/products", {
    headers,
    body: { name: "Teapot", price: 24.5, category_id: "550e8400-e29b-41d4-a716-446655440004" },
  }),
);
const params = { path: { product_id: made.id } };
const changed = shown(await api.PUT("/api/v1/products/{product_id}", { headers, params, body: { price: 19.9 } }));
console.log(changed.name, changed.price, changed.stock, changed.sku ?? "no SKU");

// What is wrong is an error with a code, and the fields by name.
const refused = await api.POST("/api/v1/users/register", { body: { ...account, password: "short" } });
console.log(refused.error?.error.code, refused.error?.error.details?.map((detail) => detail.field).join());
