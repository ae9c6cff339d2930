//! Kubeconfig rules: bytes in, findings and a carved document out.
