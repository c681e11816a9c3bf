#!/usr/bin/env bash
# Makes a Debian 12 base image where no registry can be reached: debootstrap, then `docker import`. As root.
#
#   deploy/docker/base.sh [IMAGE]     default teamsentry-base:bookworm; then: docker-compose build --build-arg BASE=IMAGE
set -euo pipefail

image=${1:-teamsentry-base:bookworm}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mirror=${DEBIAN_MIRROR-} # empty: debootstrap's default

debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >&2
# What a container never reads: as the slim images leave it out, for now and for packages that come later.
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
END
echo 'APT::Install-Recommends "false";' >"$root/etc/apt/apt.conf.d/slim"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/cache/debconf/*-old "$root"/var/log/* \
    "$root"/usr/share/{doc,man,info,locale,lintian}/*
tar -C "$root" --numeric-owner -c . | docker import --change 'CMD ["bash"]' - "$image"
