-- They hold an adapter's credentials, of which the bank's id of the consent is a part. Names alone change: no row is touched.
ALTER TABLE consents RENAME COLUMN bank_consent_id TO credentials;
ALTER TABLE consent_terminations RENAME COLUMN bank_consent_id TO credentials;
