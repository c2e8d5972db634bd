-- Writes one batch, whatever its shape. Each parameter is a JSON array with one array a row. $N is the Nth parameter
-- in every statement; ?N is not to be used here: the driver counts the numbers that a statement skips as parameters.
-- A job whose stored rev is not the one before gets no rev, which its column refuses.
BEGIN IMMEDIATE;

INSERT INTO event (product, seq, job, prev, factory, rev, type, at, "by", data)
SELECT v ->> 0, v ->> 1, unhex(v ->> 2, '-'), v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v -> 9
FROM (SELECT value AS v FROM jsonb_each($1));

INSERT INTO job_spec (id, edition, product, key, content_hash, spec)
SELECT unhex(v ->> 0, '-'), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v -> 5
FROM (SELECT value AS v FROM jsonb_each($2));

INSERT INTO job (product, id, stage, rev, epoch, wake_at, finished_at, last_seq, edition, schema, state, parent)
SELECT n.product, n.id, v ->> 2, CASE WHEN j.rev IS v ->> 4 THEN v ->> 3 END, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
       v ->> 9, v ->> 10, v -> 11, unhex(v ->> 12, '-')
FROM (SELECT value AS v, value ->> 0 AS product, unhex(value ->> 1, '-') AS id FROM jsonb_each($3)) AS n
LEFT JOIN job AS j ON j.product = n.product AND j.id = n.id
WHERE true
ON CONFLICT (product, id) DO UPDATE SET
    stage = excluded.stage, rev = excluded.rev, epoch = excluded.epoch, wake_at = excluded.wake_at,
    finished_at = excluded.finished_at, last_seq = excluded.last_seq, edition = excluded.edition,
    schema = excluded.schema, state = excluded.state;

INSERT INTO run (job, epoch, product, data)
SELECT unhex(v ->> 0, '-'), v ->> 1, v ->> 2, v -> 3
FROM (SELECT value AS v FROM jsonb_each($4));

INSERT OR REPLACE INTO receipt (product, kind, key, job, epoch, rev, content_hash, at)
SELECT v ->> 0, v ->> 1, v ->> 2, unhex(v ->> 3, '-'), v ->> 4, v ->> 5, v ->> 6, v ->> 7
FROM (SELECT value AS v FROM jsonb_each($5));

-- Late usage of ended runs.
UPDATE run SET data = v -> 3
FROM (SELECT value AS v FROM jsonb_each($6))
WHERE run.job = unhex(v ->> 0, '-') AND run.epoch = v ->> 1;

-- Events that change nothing else of a job.
UPDATE job SET last_seq = max(last_seq, v ->> 2)
FROM (SELECT value AS v FROM jsonb_each($7))
WHERE job.product = v ->> 0 AND job.id = unhex(v ->> 1, '-');

-- Renewals of leases that are still under the same epoch.
UPDATE job SET state = json_set(state, '$.l.x', v ->> 3, '$.l.t', v ->> 4, '$.l.n', v ->> 5)
FROM (SELECT value AS v FROM jsonb_each($8))
WHERE job.product = v ->> 0 AND job.id = unhex(v ->> 1, '-') AND job.state ->> '$.l.e' = v ->> 2;

INSERT INTO factory (product, id, rev, data)
SELECT v ->> 0, v ->> 1, v ->> 2, v -> 3
FROM (SELECT value AS v FROM jsonb_each($9))
WHERE true
ON CONFLICT (product, id) DO UPDATE SET rev = excluded.rev, data = excluded.data;

INSERT INTO product (product, rev, settings)
SELECT v ->> 0, v ->> 1, v -> 2
FROM (SELECT value AS v FROM jsonb_each($10))
WHERE true
ON CONFLICT (product) DO UPDATE SET rev = excluded.rev, settings = excluded.settings;

INSERT INTO profile (product, name, version, snapshot, created_at, "by")
SELECT v ->> 0, v ->> 1, v ->> 2, v -> 3, v ->> 4, v ->> 5
FROM (SELECT value AS v FROM jsonb_each($11));

COMMIT;
