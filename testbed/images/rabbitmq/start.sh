#!/bin/sh
# Starts the broker in the foreground as its own user. RabbitMQ itself reads RABBITMQ_DEFAULT_USER and
# RABBITMQ_DEFAULT_PASS, the variables of the published image.
set -eu
chown rabbitmq:rabbitmq /var/lib/rabbitmq
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$@"
