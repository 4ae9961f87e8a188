#!/bin/sh
# What somebody else has made on a host, by the host's name: without a record of ours, at a place that we would use.
set -eu
env=/opt/ascend/envs/mindspore

# A folder with work in it, of a user, with links, odd modes and old times.
work() {
    mkdir -p "$1/runs/2024"
    echo "three weeks of training" >"$1/weights.ckpt"
    echo "notes" >"$1/runs/2024/notes with a space.txt"
    ln -s weights.ckpt "$1/latest"
    chmod 0400 "$1/weights.ckpt"
    chmod 0700 "$1/runs/2024"
    touch -h -d "2024-05-06 07:08:09" "$1/weights.ckpt" "$1/latest" "$1/runs/2024" "$1/runs"
    chown -hR ops:ops "$1"
}

# An environment whose Python tells who ran it.
telling_python() {
    rm -f "$1/bin/python"
    printf '#!/bin/sh\nid -u >>/var/tmp/who-ran-it\nexec /usr/bin/python3 "$@"\n' >"$1/bin/python"
    chmod 0755 "$1/bin/python"
    : >/var/tmp/who-ran-it
    chmod 0666 /var/tmp/who-ran-it
}

package() {
    site=$(echo "$1"/lib/python3*/site-packages)
    mkdir -p "$site/theirtool" "$site/theirtool-1.0.dist-info"
    echo "answer = 42" >"$site/theirtool/__init__.py"
    printf 'Metadata-Version: 2.1\nName: theirtool\nVersion: 1.0\n' >"$site/theirtool-1.0.dist-info/METADATA"
    printf 'theirtool/__init__.py,,\ntheirtool-1.0.dist-info/METADATA,,\ntheirtool-1.0.dist-info/RECORD,,\n' \
        >"$site/theirtool-1.0.dist-info/RECORD"
}

driver() {
    id HwHiAiUser >/dev/null 2>&1 || { groupadd HwHiAiUser; useradd -g HwHiAiUser -m -s /bin/bash HwHiAiUser; }
    /srv/driver.run --full --quiet --install-username=HwHiAiUser --install-usergroup=HwHiAiUser >/dev/null
    rm -f /srv/driver.run
}

case "$1" in
    healthy)
        # Beside ours, not in the way.
        work /opt/ascend/envs/neighbour
        work /opt/ascend/models/theirs
        ;;
    folder)
        work "$env"
        work /opt/ascend/envs/neighbour
        ;;
    venv)
        python3 -m venv --without-pip "$env"
        package "$env"
        work "$env/work"
        telling_python "$env"
        chown -hR ops:ops "$env"
        ;;
    copied)
        # Ours on another host, or at another place, copied here: the record names that place.
        python3 -m venv --without-pip "$env"
        package "$env"
        printf '{"name": "mindspore", "path": "/data/envs/mindspore", "provider": "venv", "owner": "root", "stack": {}}\n' \
            >"$env/ascend-fleet.json"
        work "$env/work"
        ;;
    model)
        mkdir -p /opt/ascend/models/gpt2/vocab.json
        echo "fine-tuned for three weeks" >/opt/ascend/models/gpt2/gpt2.ckpt
        echo "a folder where a file would be" >/opt/ascend/models/gpt2/vocab.json/kept.txt
        chmod 0400 /opt/ascend/models/gpt2/gpt2.ckpt
        ;;
    older | same | takes-driver)
        driver
        ;;
    takes-venv)
        python3 -m venv "$env"
        package "$env"
        ;;
esac
