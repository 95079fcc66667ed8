-- How many operations a client has made in the present minute, where all processes count together.
CREATE TABLE "request_counts" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "request_counts_pkey" PRIMARY KEY ("key")
);
