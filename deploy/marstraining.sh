#!/bin/sh
# Runs the command marstraining as the service does: as its user, with the settings of /etc/marstraining/env.
# Without them it would find no settings and use a SQLite file in the folder you are in. Install as /usr/local/sbin/marstraining; root runs it.
# It works in /var/lib/marstraining: name files by their whole path, where the user marstraining may read or write them.
set -eu
exec systemd-run --quiet --wait --collect --pty --pipe \
  --uid=marstraining --gid=marstraining --working-directory=/var/lib/marstraining \
  --property=EnvironmentFile=/etc/marstraining/env --property=StateDirectory=marstraining --property=UMask=0077 \
  /opt/marstraining/bin/marstraining "$@"
