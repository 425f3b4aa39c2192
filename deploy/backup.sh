#!/bin/sh
# Keeps hourly backups of two days and daily ones of five weeks in the folder given; install as /opt/marstraining/bin/marstraining-backup.
# Copy the folder off this machine, encrypted, with the means your organisation has.
set -eu
folder=${1:?"usage: marstraining-backup FOLDER"}
mkdir -p "$folder/hourly" "$folder/daily"
made="$folder/hourly/$(date -u +%Y%m%dT%H%MZ).backup"
marstraining=$(dirname "$0")/marstraining
[ -x "$marstraining" ] || marstraining=marstraining
"$marstraining" backup "$made"
day="$folder/daily/$(date -u +%Y%m%d).backup"
[ -e "$day" ] || cp -p "$made" "$day"
find "$folder/hourly" -name '*.backup' -mmin +2880 -delete
find "$folder/daily" -name '*.backup' -mtime +35 -delete
