-- Once, on an empty volume, by the superuser. The password is read here, so that it is on no process list.
\set ON_ERROR_STOP on
\set password `cat "${DATABASE_PASSWORD_FILE:-/run/secrets/database_password}"`
create role gatehouse login password :'password' nosuperuser nocreatedb nocreaterole noreplication;
create database gatehouse owner gatehouse;
revoke all on database gatehouse from public;
\connect gatehouse
-- pgvector asks for a superuser; Gatehouse is none, and finds it here.
create extension vector;
