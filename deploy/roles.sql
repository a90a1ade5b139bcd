-- All of it or nothing: what is granted to all tables first is taken back for some of them further down.
\getenv password APP_PASSWORD
\getenv citizen_password CITIZEN_PASSWORD
BEGIN;

-- The role of the processes, once the tables are there: it can neither change nor delete an event.
SELECT 'CREATE ROLE bihuan_app LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bihuan_app') \gexec
ALTER ROLE bihuan_app PASSWORD :'password';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bihuan_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bihuan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bihuan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO bihuan_app;
REVOKE UPDATE, DELETE ON events, sign_ins, views, alembic_version FROM bihuan_app;

-- The role of the citizen's page: of what people wrote it reads the units' answers alone, and adds words.
SELECT 'CREATE ROLE bihuan_citizen'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bihuan_citizen') \gexec
\if :{?citizen_password}
ALTER ROLE bihuan_citizen LOGIN PASSWORD :'citizen_password';
\endif
GRANT SELECT ON alembic_version, lanes, complaints, commands, units, sequences TO bihuan_citizen;
GRANT SELECT (subject, version, type, state, recorded_at, data) ON events TO bihuan_citizen;
GRANT UPDATE ON lanes, complaints TO bihuan_citizen;
GRANT INSERT ON events, commands, views TO bihuan_citizen;
GRANT SELECT (id) ON views TO bihuan_citizen;
GRANT USAGE ON SEQUENCE views_id_seq TO bihuan_citizen;
GRANT SELECT, INSERT ON vault TO bihuan_citizen;
ALTER TABLE vault ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS processes ON vault;
DROP POLICY IF EXISTS citizens_read ON vault;
DROP POLICY IF EXISTS citizens_write ON vault;
CREATE POLICY processes ON vault TO bihuan_app USING (true) WITH CHECK (true);
CREATE POLICY citizens_read ON vault FOR SELECT TO bihuan_citizen USING (field = 'reply');
CREATE POLICY citizens_write ON vault FOR INSERT TO bihuan_citizen WITH CHECK (field = 'words');

COMMIT;
