#!/bin/bash
# Three databases, three roles, and each role can open only its own. PostgreSQL's image runs this
# once, on an empty volume: a password changed later needs an ALTER ROLE as well.
set -e

for service in registration reporting notifications; do
    # The password comes from the environment, not as an argument, which every process could read.
    psql --set ON_ERROR_STOP=1 --set service="$service" --username "$POSTGRES_USER" --dbname postgres <<SQL
\getenv password DATABASE_PASSWORD_${service^^}
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done

# These two are open to everybody when a cluster is made.
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --command 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'
