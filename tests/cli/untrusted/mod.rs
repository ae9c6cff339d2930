//! What others wrote reaches the reader as text and nothing more, and without the secrets of the run; answers have
//! bounds.

mod bounds;
mod hints;
mod lists;
mod reads;
mod routes;
mod secrets;
mod text;
mod writes;

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: d\n\
    contexts: [{name: d, context: {cluster: c, user: u}}]\n\
    clusters: [{name: c, cluster: {server: 'https://203.0.113.5:6443'}}]\n\
    users: [{name: u, user: {token: canaryOfAKubeconfig12}}]\n";
