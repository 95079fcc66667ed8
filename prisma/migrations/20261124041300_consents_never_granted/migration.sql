-- What the retention looks for, and nothing of the consents that were granted.
CREATE INDEX "consents_never_granted" ON "consents"("created_at") WHERE "authorised_at" IS NULL;
