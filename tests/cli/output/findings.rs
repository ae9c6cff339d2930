//! What is said about bad kubeconfigs: a line for each finding in a pipe, a page on a terminal.

use insta::assert_snapshot;

use crate::findings::FAULTY;
use crate::output::screen;
use crate::support::run::{Line as _, Run as _};
use crate::support::{TestEnv, sample};

fn validated(text: &str) -> String {
    let env = TestEnv::new();
    env.file("k.yaml", text);
    env.acpctl().line("credential validate k.yaml").shown()
}

/// A kubeconfig of one context; the cluster and the user are flow-style bodies.
fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts:\n- name: dev\n  context: {{cluster: c, user: u, namespace: ns}}\n\
         clusters:\n- name: c\n  cluster: {{{cluster}}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

#[test]
fn a_sound_file_says_what_is_kept() {
    assert_snapshot!(validated(&sample()), @r#"
    k.yaml: create would keep 1 of 2 contexts ("team-a"), drop 1 user and 1 cluster
    k.yaml: valid (context "team-a")
    "#);
}

#[test]
fn a_file_with_faults_of_each_severity() {
    assert_snapshot!(validated(FAULTY), @r#"
    k.yaml:19: error[token-and-basic]: users[0] "u" user.token: a token can't be used together with a username and password
        fix: keep the token
    k.yaml:5: info[no-namespace]: contexts[0] "dev" context.namespace: no namespace set: `default` is used (inside a pod: the pod's own)
        fix: add `namespace: NAME` to the context
    k.yaml:12: error[server-plain-http]: clusters[0] "c" cluster.server: credentials are not sent over http
        fix: use https
    k.yaml:12: warning[server-userinfo]: clusters[0] "c" cluster.server: every tool shows a password in the URL
        fix: remove the user information
    k.yaml:12: info[server-query]: clusters[0] "c" cluster.server: the part after the path is ignored
        fix: remove it
    k.yaml:12: warning[server-private]: clusters[0] "c" cluster.server: "10.0.0.1" is private: sessions reach it only from the same network
        fix: check that the runner can reach it
    k.yaml:13: warning[insecure-tls]: clusters[0] "c" cluster.insecure-skip-tls-verify: the server's identity is not checked, so others can steal the token
        fix: embed the CA and remove insecure-skip-tls-verify
    k.yaml:21: warning[basic-auth]: users[0] "u" user.password: Kubernetes 1.19 and later do not support basic authentication
        fix: use a token: `kubectl create token NAME --duration 24h`
    k.yaml:21: error[password-without-username]: users[0] "u" user.password: a password without a username is not sent
        fix: use a token: `kubectl create token NAME --duration 24h`
    k.yaml:16: warning[several-auth-methods]: users[0] "u": several ways to authenticate, of which only some are used
        fix: keep one
    k.yaml:19: warning[duplicate-key]: token: this key occurs more than once; the last value is used
        fix: remove the other values
    k.yaml:14: warning[unknown-field]: clusters[0] "c" cluster.certificate_authority_data: every client ignores this field: did you mean `certificate-authority-data`? Only this spelling is read
        fix: rename it to `certificate-authority-data`
    k.yaml:20: warning[unknown-field]: users[0] "u" user.tokn: every client ignores this field
        fix: remove it
    k.yaml: create would keep 1 of 2 contexts ("dev"), drop 0 users and 0 clusters
    --- standard error
    Error: k.yaml has 3 errors
    --- exit status 7
    "#);
    let env = TestEnv::new();
    env.file("k.yaml", FAULTY);
    assert_snapshot!(screen(&env, "local:", "credential validate k.yaml", 100), @r#"
    error[server-plain-http]: credentials are not sent over http
      --> k.yaml:12  clusters[0] "c" cluster.server
      12 |     server: http://***@10.0.0.1:6443/…
         |     ^^^^^^
      fix: use https

    error[token-and-basic]: a token can't be used together with a username and password
      --> k.yaml:19  users[0] "u" user.token
      19 |     token: …
         |     ^^^^^
      fix: keep the token

    error[password-without-username]: a password without a username is not sent
      --> k.yaml:21  users[0] "u" user.password
      21 |     password: …
         |     ^^^^^^^^
      fix: use a token: `kubectl create token NAME --duration 24h`

    warning[server-userinfo]: every tool shows a password in the URL
      --> k.yaml:12  clusters[0] "c" cluster.server
      12 |     server: http://***@10.0.0.1:6443/…
         |     ^^^^^^
      fix: remove the user information

    warning[server-private]: "10.0.0.1" is private: sessions reach it only from the same network
      --> k.yaml:12  clusters[0] "c" cluster.server
      12 |     server: http://***@10.0.0.1:6443/…
         |     ^^^^^^
      fix: check that the runner can reach it

    warning[insecure-tls]: the server's identity is not checked, so others can steal the token
      --> k.yaml:13  clusters[0] "c" cluster.insecure-skip-tls-verify
      13 |     insecure-skip-tls-verify: true
         |     ^^^^^^^^^^^^^^^^^^^^^^^^
      fix: embed the CA and remove insecure-skip-tls-verify

    warning[unknown-field]: every client ignores this field: did you mean `certificate-authority-data`?
      Only this spelling is read
      --> k.yaml:14  clusters[0] "c" cluster.certificate_authority_data
      14 |     certificate_authority_data: …
         |     ^^^^^^^^^^^^^^^^^^^^^^^^^^
      fix: rename it to `certificate-authority-data`

    warning[several-auth-methods]: several ways to authenticate, of which only some are used
      --> k.yaml:16  users[0] "u"
      16 | - name: u
         |   ^^^^
      fix: keep one

    warning[duplicate-key]: this key occurs more than once; the last value is used
      --> k.yaml:19  token
      19 |     token: …
         |     ^^^^^
      fix: remove the other values

    warning[unknown-field]: every client ignores this field
      --> k.yaml:20  users[0] "u" user.tokn
      20 |     tokn: …
         |     ^^^^
      fix: remove it

    warning[basic-auth]: Kubernetes 1.19 and later do not support basic authentication
      --> k.yaml:21  users[0] "u" user.password
      21 |     password: …
         |     ^^^^^^^^
      fix: use a token: `kubectl create token NAME --duration 24h`

    info[no-namespace]: no namespace set: `default` is used (inside a pod: the pod's own)
      --> k.yaml:5  contexts[0] "dev" context.namespace
      5 | - name: dev
        |   ^^^^
      fix: add `namespace: NAME` to the context

    info[server-query]: the part after the path is ignored
      --> k.yaml:12  clusters[0] "c" cluster.server
      12 |     server: http://***@10.0.0.1:6443/…
         |     ^^^^^^
      fix: remove it

    3 errors, 8 warnings, 2 notes
    More about the first: acpctl credential explain server-plain-http
    k.yaml: create would keep 1 of 2 contexts ("dev"), drop 0 users and 0 clusters
    Error: k.yaml has 3 errors
    status 7
    "#);
}

#[test]
fn files_that_are_no_kubeconfigs() {
    assert_snapshot!(validated(""), @r"
    k.yaml: error[in-cluster-fallback]: no usable cluster is selected: inside a pod, tools would act as the pod itself
        fix: set current-context to a context whose cluster exists
    k.yaml: error[no-current-context]: no default context: tools do not choose a context by themselves, even if there is only one
        fix: `kubectl config use-context NAME`, or choose a context with --context NAME
    --- standard error
    Error: k.yaml has 2 errors
    --- exit status 7
    ");
    assert_snapshot!(validated("users: [\n"), @r"
    k.yaml:2: error[yaml-syntax]: the file is not valid YAML: a value is missing
        fix: correct the named line
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    ");
    assert_snapshot!(validated("hello: world\n"), @r"
    k.yaml:1: error[not-a-config]: this is not a kubeconfig: it has no clusters, contexts or users
        fix: export a kubeconfig: `kubectl config view --raw --minify --flatten`
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    ");
    assert_snapshot!(validated("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n"), @r"
    k.yaml:2: error[wrong-kind]: kind: this is another kind of object
        fix: a kubeconfig has `apiVersion: v1` and `kind: Config`
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    ");
}

#[test]
fn contexts_that_lead_nowhere() {
    let text = config("server: 'https://api.example.com:6443'", "token: abcdef");
    assert_snapshot!(validated(&text.replace("current-context: dev", "current-context: prod")), @r#"
    k.yaml: error[context-not-found]: contexts "prod": context "prod" does not exist
        fix: choose one of its contexts: "dev"
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    "#);
    assert_snapshot!(validated(&text.replace("cluster: c,", "cluster: elsewhere,")), @r#"
    k.yaml:6: error[in-cluster-fallback]: contexts[0] "dev" context.cluster: no usable cluster is selected: inside a pod, tools would act as the pod itself
        fix: set current-context to a context whose cluster exists
    k.yaml:6: error[cluster-not-found]: contexts[0] "dev" context.cluster: cluster "elsewhere" does not exist
        fix: point the context at an existing cluster
    --- standard error
    Error: k.yaml has 2 errors
    --- exit status 7
    "#);
}

#[test]
fn what_does_not_work_inside_a_session() {
    assert_snapshot!(validated(&config("server: 'https://localhost:6443'", "token: abcdef")), @r#"
    k.yaml:9: error[server-loopback]: clusters[0] "c" cluster.server: in a container this address means the container itself
        fix: use an address that the runner can reach; for kind: `kind get kubeconfig --internal`
    k.yaml:8: info[system-trust]: clusters[0] "c" cluster.certificate-authority-data: no CA given: the container's system CAs decide which servers are trusted
        fix: embed the CA if it is private
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    "#);
    assert_snapshot!(
        validated(&config("server: 'https://api.example.com:6443'", "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}")),
        @r#"
    k.yaml:8: info[system-trust]: clusters[0] "c" cluster.certificate-authority-data: no CA given: the container's system CAs decide which servers are trusted
        fix: embed the CA if it is private
    k.yaml:12: error[exec-plugin]: users[0] "u" user.exec.command: needs the program "aws", which the container does not have
        fix: make an access with a token in its cluster: `acpctl credential create -f k.yaml --context dev --mint view-no-secrets --allow exec-plugin`; or set the user's token to that of a service account: `kubectl create token NAME --duration 24h`
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    "#
    );
    assert_snapshot!(
        validated(&config("server: 'https://api.example.com:6443', certificate-authority: ca.crt", "token: abcdef")),
        @r#"
    k.yaml:9: error[file-unreadable]: clusters[0] "c" cluster.certificate-authority: a file cannot be read: "ca.crt": no such file
        fix: check the path; it is relative to the kubeconfig's folder
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    "#
    );
    assert_snapshot!(validated(&config("server: 'https://api.example.com:6443'", "")), @r#"
    k.yaml:8: info[system-trust]: clusters[0] "c" cluster.certificate-authority-data: no CA given: the container's system CAs decide which servers are trusted
        fix: embed the CA if it is private
    k.yaml:11: error[no-credentials]: users[0] "u": requests are anonymous; kubectl will ask for a name and give up
        fix: add a token: `kubectl create token NAME --duration 24h`
    --- standard error
    Error: k.yaml has 1 error
    --- exit status 7
    "#);
}

#[test]
fn a_finding_is_explained() {
    let env = TestEnv::new();
    assert_snapshot!(env.acpctl().line("credential explain server-loopback").shown(), @r"
    server-loopback (error)

      in a container this address means the container itself

    Reported if: server is localhost, 127/8, ::1, 0.0.0.0, an empty host, a name that stands for one of them (`*.crc.testing`, `lvh.me`, `127.0.0.1.nip.io`) or an alias of the host machine; only a warning with --local and with your own `acpctl serve`, whose sessions run on this machine.

    Kubernetes' own client accepts it. To accept it too: --allow server-loopback

    Fix: use an address that the runner can reach; for kind: `kind get kubeconfig --internal`
    ");
}
