#!/usr/bin/env bash
# A cluster on this machine to try workloads in. `deploy/dev-cluster.sh --help` tells more.
set -euo pipefail

readonly NAME=policyd
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here
kubeconfig=${POLICYD_KUBECONFIG:-.policyd/kubeconfig}
kind_of_cluster=

usage() {
  cat <<'TEXT'
usage: deploy/dev-cluster.sh up|down|status [--with kind|k3s|microk8s] [--kubeconfig FILE]

  up       starts a cluster where none runs, writes its kubeconfig, makes the namespace of workloads and its rights
  down     takes away what `up` made; a k3s or microk8s that was there before stays
  status   its nodes, and the pods of workloads

  --with        which one; without it the first that is installed: kind, k3s, microk8s
  --kubeconfig  where its kubeconfig goes (default .policyd/kubeconfig, or $POLICYD_KUBECONFIG)

Doing it again changes nothing. Needs kubectl; k3s and microk8s may ask for your password.
TEXT
}

fail() {
  printf 'dev-cluster: %s\n' "$1" >&2
  exit "${2:-1}"
}

have() { command -v -- "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

choose() {
  local each
  if [ -z "$kind_of_cluster" ]; then
    for each in kind k3s microk8s; do
      if have "$each"; then
        kind_of_cluster=$each
        break
      fi
    done
  fi
  [ -n "$kind_of_cluster" ] || fail 'none of kind, k3s and microk8s is installed. help: https://kind.sigs.k8s.io, https://k3s.io or https://microk8s.io'
  have "$kind_of_cluster" || fail "\`$kind_of_cluster\` is not installed"
  have kubectl || fail '`kubectl` is not installed'
}

start_cluster() {
  case $kind_of_cluster in
    kind)
      if ! kind get clusters 2>/dev/null | grep -qx -- "$NAME"; then kind create cluster --name "$NAME" --wait 120s; fi
      kind get kubeconfig --name "$NAME" >"$kubeconfig.new"
      ;;
    k3s)
      if ! as_root systemctl is-active --quiet k3s; then as_root systemctl start k3s; fi
      as_root k3s kubectl config view --raw >"$kubeconfig.new"
      ;;
    microk8s)
      as_root microk8s start
      as_root microk8s status --wait-ready --timeout 120 >/dev/null
      as_root microk8s config >"$kubeconfig.new"
      ;;
  esac
  mv -- "$kubeconfig.new" "$kubeconfig"
}

up() {
  mkdir -p -- "$(dirname -- "$kubeconfig")"
  # It holds the keys of the cluster.
  umask 077
  start_cluster
  kubectl --kubeconfig "$kubeconfig" wait --for=condition=Ready nodes --all --timeout=120s
  kubectl --kubeconfig "$kubeconfig" apply -k "$here/kubernetes/workloads"
  cat <<TEXT

ready. policyd, with this machine and the cluster:
  npx policyd --runners local,kubernetes --kubeconfig $kubeconfig --kube-namespace policyd-workloads
TEXT
}

down() {
  if [ "$kind_of_cluster" = kind ]; then
    kind delete cluster --name "$NAME"
  elif [ -f "$kubeconfig" ]; then
    # Finalizers of pods that policyd did not let go of would keep the namespace for ever.
    kubectl --kubeconfig "$kubeconfig" -n policyd-workloads get pods -o name 2>/dev/null | while read -r pod; do
      kubectl --kubeconfig "$kubeconfig" -n policyd-workloads patch "$pod" --type=merge -p '{"metadata":{"finalizers":null}}' </dev/null || true
    done
    kubectl --kubeconfig "$kubeconfig" delete --ignore-not-found -k "$here/kubernetes/workloads"
  fi
  rm -f -- "$kubeconfig"
}

status() {
  [ -f "$kubeconfig" ] || fail "there is no \`$kubeconfig\`. help: deploy/dev-cluster.sh up"
  kubectl --kubeconfig "$kubeconfig" get nodes
  kubectl --kubeconfig "$kubeconfig" -n policyd-workloads get pods
}

action=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --with | --kubeconfig)
      [ $# -ge 2 ] || fail "\`$1\` needs a value" 2
      if [ "$1" = --with ]; then kind_of_cluster=$2; else kubeconfig=$2; fi
      shift
      ;;
    up | down | status)
      [ -z "$action" ] || fail "both \`$action\` and \`$1\`" 2
      action=$1
      ;;
    *)
      usage >&2
      fail "unknown argument \`$1\`" 2
      ;;
  esac
  shift
done
case $kind_of_cluster in
  '' | kind | k3s | microk8s) ;;
  *) fail "\`--with\` must be kind, k3s or microk8s, not \`$kind_of_cluster\`" 2 ;;
esac
if [ -z "$action" ]; then
  usage >&2
  exit 2
fi
choose
"$action"
