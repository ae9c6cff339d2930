//! The command line of the Kubernetes MCP server.

/// Returns the flags that the platform starts the server with. Without a path, the server reads `KUBECONFIG`.
pub(super) fn flags(kubeconfig: Option<&str>, read_only: bool) -> Vec<&str> {
    let mut flags = Vec::new();
    if let Some(path) = kubeconfig {
        flags.extend(["--kubeconfig", path]);
    }
    flags.push("--disable-multi-cluster");
    if read_only {
        flags.push("--read-only");
    }
    flags
}
