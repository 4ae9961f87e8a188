# Run by conda after it linked mindspore-ascend: keeps how that was done.
mkdir -p "$PREFIX/share/mindspore-ascend"
command=$(grep '^# cmd:' "$PREFIX/conda-meta/history" | tail -n 1 | cut -c8- | sed 's/["\\]//g')
wheels=
for name in te topi hccl; do
    [ ! -d "$PREFIX/lib/python3.7/site-packages/$name" ] || wheels="$wheels${wheels:+, }\"$name\""
done
cat > "$PREFIX/share/mindspore-ascend/setup.json" <<JSON
{"package": "$PKG_NAME", "version": "$PKG_VERSION", "prefix": "$PREFIX", "conda_root": "$ROOT_PREFIX",
 "machine": "$(uname -m)", "environment_made_by": "$command", "wheels_before": [$wheels]}
JSON
