-- The role of the processes, once the tables are there: it can neither change nor delete an event.
SELECT 'CREATE ROLE bihuan_app LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bihuan_app') \gexec
ALTER ROLE bihuan_app PASSWORD :'password';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bihuan_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bihuan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bihuan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO bihuan_app;
REVOKE UPDATE, DELETE ON events, sign_ins, alembic_version FROM bihuan_app;
