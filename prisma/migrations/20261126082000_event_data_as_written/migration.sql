-- It is stored, and handed out as it was written; nothing looks into it here. As jsonb it would be taken apart, and put together again
-- for every webhook. Rewrites the table, which is locked meanwhile.
ALTER TABLE "events" ALTER COLUMN "data" SET DATA TYPE JSON USING "data"::json;
