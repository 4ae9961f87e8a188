# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of a relay: a configuration of our own and how it is started. Pure functions, no IO.

Directives: nginx.org/en/docs/http/ngx_http_core_module.html. Properties: systemd.exec(5) and systemd.service(5).
"""

UNIT = "ascend-fleet-relay.service"
# Of /run: a host that was rebooted has no relay any more.
FOLDER = "/run/ascend-fleet/relay"

_CONFIGURATION = """\
# Made by ascend.fleet for one run, and removed at its end.
pid %(folder)s/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 512; }
http {
  access_log off;
  server_tokens off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  server {
    listen %(listen)s;
    root "%(cache)s";
    autoindex off;
    disable_symlinks on from=$document_root;
    location / { return 404; }
    # A file by its hash, also while it grows; nothing beside it, and nothing above.
    location ~ "^/[0-9a-f]{64}/[^/]+(?<!\\.ok)(?<!\\.part)$" {
      limit_except GET { deny all; }
      try_files $uri $uri.part =404;
    }
  }
}
"""


def listen(address, port):
    """Address and port as nginx takes them."""
    return "%s:%d" % ("[%s]" % address if ":" in address else address, port)


def configuration(address, port, cache, folder=FOLDER):
    """The configuration of the server.

    Args:
        address: IP address that the neighbours use; it listens on no other.
        port: of TCP.
        cache: folder <state_dir>/cache; must hold no quote, dollar or line break.
        folder: private one for everything that the server writes.
    """
    return _CONFIGURATION % {"folder": folder, "listen": listen(address, port), "cache": cache}


def command(systemd_run, nginx, seconds, selinux, folder=FOLDER):
    """The command that starts the server as a unit that is gone when it ends.

    Args:
        systemd_run, nginx: paths of the programs.
        seconds: how long it lives at most, whatever becomes of the control node.
        selinux: whether SELinux is on: the policy of a web server knows neither our cache nor our port.
    """
    properties = [
        "Type=exec",
        "RuntimeMaxSec=%d" % seconds,
        "Restart=no",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "ProtectSystem=strict",
        "ReadWritePaths=%s" % folder,
    ]
    if selinux:
        properties.append("SELinuxContext=-system_u:system_r:unconfined_service_t:s0")
    words = [systemd_run, "--quiet", "--collect", "--unit=%s" % UNIT, "--description=ascend.fleet relay"]
    words += ["--property=%s" % item for item in properties]
    return words + [nginx, "-c", "%s/nginx.conf" % folder, "-g", "daemon off;"]
