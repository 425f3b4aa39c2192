#!/bin/sh
# Keeps hourly backups of two days and daily ones of five weeks in the folder given; install as /opt/marstraining/bin/marstraining-backup.
# Each holds the database and the files that people sent in. Where those are many gigabytes, set MARS_BACKUP_HOURLY=--without-files:
# then the first backup of a day alone holds the files.
# Copy the folder off this machine, encrypted, with the means your organisation has.
set -eu
folder=${1:?"usage: marstraining-backup FOLDER"}
mkdir -p "$folder/hourly" "$folder/daily"
made="$folder/hourly/$(date -u +%Y%m%dT%H%MZ).backup"
marstraining=$(dirname "$0")/marstraining
[ -x "$marstraining" ] || marstraining=marstraining
day="$folder/daily/$(date -u +%Y%m%d).backup"
if [ -e "$day" ]; then
  # shellcheck disable=SC2086 # no word where it is not set
  "$marstraining" backup ${MARS_BACKUP_HOURLY:-} "$made"
else
  "$marstraining" backup "$made"
  ln "$made" "$day" 2>/dev/null || cp -p "$made" "$day"
fi
find "$folder/hourly" -name '*.backup' -mmin +2880 -delete
find "$folder/hourly" -name '*.backup.*' -mmin +180 -delete
find "$folder/daily" -name '*.backup' -mtime +35 -delete
