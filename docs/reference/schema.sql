--
-- PostgreSQL database dump
--

\restrict angidi

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: categories; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.categories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(100) NOT NULL,
    description text,
    parent_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT category_not_own_parent CHECK ((parent_id <> id)),
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0))
);


--
-- Name: TABLE categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.categories IS 'The tree of categories. parent_id is the truth; whatever else describes the tree is derived from it.';


--
-- Name: COLUMN categories.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.id IS 'Made by the application as UUID v7; five ids are known to clients and seeded.';


--
-- Name: COLUMN categories.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.name IS 'Unique among siblings, compared exactly.';


--
-- Name: COLUMN categories.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.description IS 'Text to show; NULL when there is none.';


--
-- Name: COLUMN categories.parent_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.parent_id IS 'The category above; NULL for a root.';


--
-- Name: COLUMN categories.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.created_at IS 'When the category was made.';


--
-- Name: COLUMN categories.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.updated_at IS 'When the row was last changed.';


--
-- Name: CONSTRAINT category_not_own_parent ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_not_own_parent ON public.categories IS 'A category is not its own parent. Longer rings are refused where categories are moved.';


--
-- Name: CONSTRAINT name_not_empty ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.categories IS 'A name is more than spaces.';


--
-- Name: products; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.products (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(255) NOT NULL,
    description text,
    price numeric(10,2) NOT NULL,
    stock integer DEFAULT 0 NOT NULL,
    category_id uuid NOT NULL,
    image_url character varying(500),
    sku character varying(100),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0)),
    CONSTRAINT price_maximum CHECK ((price <= 99999999.99)),
    CONSTRAINT price_positive CHECK ((price >= (0)::numeric)),
    CONSTRAINT stock_non_negative CHECK ((stock >= 0))
);


--
-- Name: TABLE products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.products IS 'What is for sale. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN products.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.id IS 'Made by the application as UUID v7; the default serves those who insert by SQL.';


--
-- Name: COLUMN products.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.name IS 'The name to show; searched.';


--
-- Name: COLUMN products.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.description IS 'Text to show; searched. NULL when there is none.';


--
-- Name: COLUMN products.price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price IS 'Exact, in the shop''s one currency.';


--
-- Name: COLUMN products.stock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.stock IS 'Pieces on hand. In no index, so that selling stays a HOT update.';


--
-- Name: COLUMN products.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.category_id IS 'The category that the product stands in.';


--
-- Name: COLUMN products.image_url; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.image_url IS 'Where its picture is; NULL when there is none.';


--
-- Name: COLUMN products.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.sku IS 'Stock keeping unit, the merchant''s own key: what imports match by. NULL when there is none.';


--
-- Name: COLUMN products.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.created_at IS 'When the product was made.';


--
-- Name: COLUMN products.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN products.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.deleted_at IS 'When the product was deleted; NULL while it lives.';


--
-- Name: CONSTRAINT name_not_empty ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.products IS 'A name is more than spaces.';


--
-- Name: CONSTRAINT price_maximum ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_maximum ON public.products IS 'The most that the column can hold; what it refuses is NaN, which passes price_positive.';


--
-- Name: CONSTRAINT price_positive ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_positive ON public.products IS 'A price is not negative.';


--
-- Name: CONSTRAINT stock_non_negative ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT stock_non_negative ON public.products IS 'Nothing is sold that is not there.';


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(255) NOT NULL,
    name character varying(100) NOT NULL,
    role character varying(50) DEFAULT 'user'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT email_format CHECK (((email)::text ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}$'::text)),
    CONSTRAINT role_valid CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'admin'::character varying, 'moderator'::character varying])::text[])))
);


--
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.users IS 'People who can log in. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN users.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.id IS 'Made by the application as UUID v7; the default serves those who insert by SQL.';


--
-- Name: COLUMN users.email; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.email IS 'As the person wrote it; compared by lower(email).';


--
-- Name: COLUMN users.password_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.password_hash IS 'argon2id; a bcrypt hash of the Go service verifies too and is replaced at the next login.';


--
-- Name: COLUMN users.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.name IS 'The name to show.';


--
-- Name: COLUMN users.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.role IS 'What the account may do; read at every protected request, so that a change counts at once.';


--
-- Name: COLUMN users.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.created_at IS 'When the account was made.';


--
-- Name: COLUMN users.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN users.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.deleted_at IS 'When the account was deleted; NULL while it lives.';


--
-- Name: CONSTRAINT email_format ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT email_format ON public.users IS 'An address in shape; that it is reachable only a message can prove.';


--
-- Name: CONSTRAINT role_valid ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT role_valid ON public.users IS 'The roles that the code knows.';


--
-- Name: categories categories_parent_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_parent_id_name_key UNIQUE NULLS NOT DISTINCT (parent_id, name);


--
-- Name: CONSTRAINT categories_parent_id_name_key ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_parent_id_name_key ON public.categories IS 'Siblings have different names, and roots are siblings of each other.';


--
-- Name: categories categories_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT categories_pkey ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_pkey ON public.categories IS 'The identity of a category.';


--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT products_pkey ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT products_pkey ON public.products IS 'The identity of a product.';


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT users_pkey ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT users_pkey ON public.users IS 'The identity of a user, which access and refresh tokens carry.';


--
-- Name: INDEX categories_parent_id_name_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.categories_parent_id_name_key IS 'Serves the children of a category by name, a path of names, and the foreign key to the parent.';


--
-- Name: idx_categories_name_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_categories_name_id ON public.categories USING btree (name, id);


--
-- Name: INDEX idx_categories_name_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_categories_name_id IS 'The list of all categories by name, and a category found by its name alone.';


--
-- Name: idx_products_category_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_category_id ON public.products USING btree (category_id);


--
-- Name: INDEX idx_products_category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_category_id IS 'The foreign key to the category: its delete must see the deleted products too.';


--
-- Name: idx_products_living_category_id_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_category_id_created_at ON public.products USING btree (category_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_category_id_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_category_id_created_at IS 'The products of a category, newest first.';


--
-- Name: idx_products_living_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_created_at ON public.products USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_created_at IS 'The list of products, newest first (and oldest first, read backwards).';


--
-- Name: idx_products_living_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_name ON public.products USING btree (name, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_name IS 'The list of products by name, either way.';


--
-- Name: idx_products_living_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_price ON public.products USING btree (price, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_price IS 'The list of products by price, either way, also between two prices.';


--
-- Name: idx_users_living_admins; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_living_admins ON public.users USING btree (id) WHERE (((role)::text = 'admin'::text) AND (deleted_at IS NULL));


--
-- Name: INDEX idx_users_living_admins; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_living_admins IS 'The few admins, locked in the order of their ids whenever one might be the last to go.';


--
-- Name: idx_users_living_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_living_created_at ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_users_living_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_living_created_at IS 'The list of users, newest first.';


--
-- Name: products_sku_living_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX products_sku_living_key ON public.products USING btree (sku) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_sku_living_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_sku_living_key IS 'One living product per SKU; a deleted product''s SKU is free again, and products without one never clash. Serves the import.';


--
-- Name: users_email_living_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_email_living_key ON public.users USING btree (lower((email)::text)) WHERE (deleted_at IS NULL);


--
-- Name: INDEX users_email_living_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_email_living_key IS 'One living user per e-mail address, in any case; a deleted user''s address is free again. Serves login.';


--
-- Name: categories categories_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.categories(id) ON DELETE SET NULL;


--
-- Name: CONSTRAINT categories_parent_id_fkey ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_parent_id_fkey ON public.categories IS 'A parent exists; when it is deleted, its children become roots.';


--
-- Name: products products_category_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE RESTRICT;


--
-- Name: CONSTRAINT products_category_id_fkey ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT products_category_id_fkey ON public.products IS 'The category exists, and cannot be deleted while a product, living or deleted, stands in it.';


--
-- PostgreSQL database dump complete
--

\unrestrict angidi

