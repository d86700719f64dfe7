-- The stock of existing products less what the ledger knows of it already. Both are of one snapshot, so it is right
-- whoever changes a stock meanwhile, and nobody waits. Products that have an opening entry are skipped.
INSERT INTO stock_ledger (product_id, delta, kind)
SELECT id, opening, 'initial'
  FROM (SELECT product.id, product.stock - coalesce(sum(entry.delta), 0)::integer AS opening
          FROM products AS product
          LEFT JOIN stock_ledger AS entry ON entry.product_id = product.id
         GROUP BY product.id, product.stock) AS counted
 WHERE opening <> 0
 ORDER BY id;
