-- An erasure left the client's own id of the user in its event.
UPDATE "events" SET "data" = jsonb_set("data"::jsonb, '{externalId}', 'null')::json
WHERE "type" = 'USER_DELETED' AND "data" ->> 'externalId' IS NOT NULL;
