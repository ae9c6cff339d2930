//! A Kubernetes API server that keeps what it is given: accounts, roles, bindings and tokens, with the checks that a
//! real one makes. Rights are evaluated from the bindings, so reviews, refusals and the use of a token agree with each
//! other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use serde_json::{Value, json};

use super::cluster::{Asked, Cluster, Told, refusal};

const RBAC: &str = "rbac.authorization.k8s.io";

/// A user that logs in with a fixed token.
#[derive(Clone)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
    pub uid: Option<String>,
    /// What the server calls the credential.
    pub credential: Option<String>,
}

/// One request, as the server understood it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: String,
    /// By name, in lower case.
    pub headers: Vec<(String, String)>,
    pub has_certificate: bool,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The server refuses before it does anything.
    Refuses(u16),
    /// The server is overloaded, does nothing, and says when to come back.
    Busy(&'static str),
    /// The server does what it is asked, and the answer is lost.
    AnswerLost,
    /// The connection ends before anything is done.
    Cut,
    /// The server does what it is asked, and then says that it failed.
    FailsAfter(u16),
    /// The server does what it is asked, and never answers.
    Hangs,
    /// A portal answers in its place, and wants a login.
    Portal,
}

/// A fault for the next request of this method whose path contains this, dry runs excepted.
pub struct Planned {
    pub method: &'static str,
    pub path: &'static str,
    pub fault: Fault,
}

/// Where the server quotes what it should keep to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// In the message, the reason and the causes of a refusal.
    Refusal,
    Html,
    ContentType,
    Location,
    /// In each text of its usual answer, apart from the user's name.
    Answer,
    UserName,
}

/// The server quotes these secrets, and the token of the request, in its answers for paths that contain `path`.
pub struct Quotes {
    pub path: &'static str,
    pub how: Quoting,
    pub secrets: Vec<String>,
    pub was_used: bool,
}

impl Quotes {
    fn told(&self, asked: &Asked, (code, mut body): (u16, Value)) -> Told {
        let plain = self.secrets.iter().chain(&asked.token);
        let forms = plain.map(|secret| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
            let cut = &secret[..secret.len() - 3];
            let spelled: Vec<String> = spellings(secret).into();
            format!("<{secret}> {encoded} {} {cut}...", spelled.join(" "))
        });
        let text = forms.collect::<Vec<_>>().join(" ");
        match self.how {
            Quoting::Refusal => {
                let causes = json!({"name": text, "causes": [{"message": text, "field": text}]});
                Told::json(status(403, &text, &text, causes))
            }
            Quoting::Html => Told::text(200, "text/html", &format!("<html>{text}</html>")),
            Quoting::ContentType => Told {
                kind: format!("text/{text}").leak(),
                ..Told::text(200, "", "")
            },
            Quoting::Location => {
                let target = text.replace(' ', "/");
                let header = format!("Location: https://elsewhere.example.org/{target}\r\n");
                Told {
                    headers: header.leak(),
                    ..Told::text(302, "text/plain", &text)
                }
            }
            how => {
                quote(&mut body, &text, how);
                Told::json((code, body))
            }
        }
    }
}

/// A secret with escapes in place of its letters: of HTML, JSON, addresses, and mixed.
pub fn spellings(secret: &str) -> [String; 5] {
    let spelled =
        |write: fn((usize, u8)) -> String| secret.bytes().enumerate().map(write).collect();
    [
        spelled(|(_, letter)| format!("&#{letter};")),
        spelled(|(_, letter)| format!("&#x{letter:x};")),
        spelled(|(_, letter)| format!("\\u{letter:04x}")),
        spelled(|(_, letter)| format!("%{letter:02X}")),
        spelled(|(at, letter)| match at % 4 {
            0 => format!("&#{letter};"),
            1 => format!("%{letter:02x}"),
            2 => format!("\\u{letter:04x}"),
            _ => char::from(letter).to_string(),
        }),
    ]
}

/// Replaces texts of an answer that people get to see.
fn quote(value: &mut Value, text: &str, how: Quoting) {
    if let Value::Array(items) = value {
        for item in items {
            quote(item, text, how);
        }
    }
    let Value::Object(fields) = value else {
        return;
    };
    for (key, value) in fields {
        let is_name = key == "username";
        match (key.as_str(), how) {
            (_, Quoting::UserName) if is_name => *value = json!(text),
            ("gitVersion" | "reason" | "message" | "acpctl/credential", Quoting::Answer) => {
                *value = json!(text);
            }
            (
                "groups" | "resourceNames" | "authentication.kubernetes.io/credential-id",
                Quoting::Answer,
            ) => *value = json!([text]),
            _ => quote(value, text, how),
        }
    }
}

/// Changes the answer with a token.
type Lie = dyn Fn(&mut Value, &Asked) + Send;

#[derive(Default)]
pub struct State {
    users: BTreeMap<String, User>,
    /// By resource, namespace and name. Objects of the whole cluster have no namespace.
    objects: BTreeMap<(String, String, String), Value>,
    /// The issued tokens with their claims.
    tokens: BTreeMap<String, Value>,
    pub log: Vec<Logged>,
    pub faults: Vec<Planned>,
    pub quotes: Option<Quotes>,
    pub lie: Option<Box<Lie>>,
    /// The server refuses with this status to say who somebody is.
    pub hides_names: Option<u16>,
    /// The longest time that a token is given for, in seconds.
    pub longest: u64,
    /// Changes the objects of a resource before they are stored, as a webhook may.
    pub webhook: Option<(&'static str, fn(&mut Value))>,
    /// The server says that objects of this resource are deleted, and keeps them.
    pub keeps: Option<&'static str>,
    /// Tokens go on to work when their objects are gone.
    pub forgets_nothing: bool,
    /// An authorizer fails: rules are incomplete, and a "no" may be wrong.
    pub authorizer_fails: bool,
    serial: u32,
}

/// The status of an answer that is not given.
const HANGS: u16 = 1;

/// The server, running, with its state.
pub struct ApiServer {
    pub cluster: Cluster,
    state: Arc<Mutex<State>>,
}

/// The token of a user with every right (`system:masters`).
pub const ADMIN: &str = "admin-token-0123456789";

impl ApiServer {
    /// Starts with the namespaces `default` and `team-a`, the roles `cluster-admin`, `admin`, `edit` and `view` in
    /// small, and the user of [`ADMIN`].
    pub fn start() -> Self {
        let mut state = State {
            longest: 1 << 32,
            ..State::default()
        };
        for name in ["default", "team-a"] {
            state.put("namespaces", "", name, json!({"metadata": {"name": name}}));
        }
        for (name, rules) in built_in() {
            state.put(
                "clusterroles",
                "",
                name,
                json!({"metadata": {"name": name}, "rules": rules}),
            );
        }
        state.users.insert(
            ADMIN.to_owned(),
            User {
                name: "static-admin".to_owned(),
                groups: vec![
                    "system:masters".to_owned(),
                    "system:authenticated".to_owned(),
                ],
                uid: None,
                credential: None,
            },
        );
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let cluster = Cluster::overridden("", move |asked| {
            let told = shared.lock().unwrap().answer(asked);
            if told.status == HANGS {
                // Until the test ends.
                loop {
                    std::thread::park();
                }
            }
            Some(told)
        });
        Self { cluster, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a user with a token, who has a built-in role in `team-a`, or none.
    pub fn user(&self, name: &str, role: Option<&str>) -> String {
        let token = format!("{name}-token-0123456789");
        let mut state = self.state();
        let user = User {
            name: name.to_owned(),
            groups: vec!["system:authenticated".to_owned()],
            uid: None,
            credential: None,
        };
        state.users.insert(token.clone(), user);
        if let Some(role) = role {
            let binding = json!({
                "metadata": {"name": format!("{name}-{role}"), "namespace": "team-a"},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "User", "name": name}],
            });
            state.put("rolebindings", "team-a", &format!("{name}-{role}"), binding);
        }
        token
    }

    /// From now on the server knows nothing of this token.
    pub fn forget_user(&self, token: &str) {
        self.state().users.remove(token).unwrap();
    }

    /// Adds an object in `team-a` behind everybody's back.
    pub fn add(&self, resource: &str, name: &str, object: &Value) {
        let key = (resource.to_owned(), "team-a".to_owned(), name.to_owned());
        let mut object = object.clone();
        object["metadata"]["uid"] = json!("00000000-0000-4000-9000-000000000000");
        self.state().objects.insert(key, object);
    }

    /// Gives a user a role of its own in `team-a`.
    pub fn grant(&self, name: &str, rules: &Value) {
        let mut state = self.state();
        let role = format!("own-{name}");
        state.put(
            "roles",
            "team-a",
            &role,
            json!({"metadata": {"name": role}, "rules": rules}),
        );
        let binding = json!({
            "metadata": {"name": role, "namespace": "team-a"},
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": role},
            "subjects": [{"kind": "User", "name": name}],
        });
        state.put("rolebindings", "team-a", &role, binding);
    }

    /// Gives a user a role of its own in the whole cluster.
    pub fn grant_everywhere(&self, name: &str, rules: &Value) {
        let mut state = self.state();
        let role = format!("own-{name}");
        let object = json!({"metadata": {"name": role}, "rules": rules});
        state.put("clusterroles", "", &role, object);
        let binding = json!({
            "metadata": {"name": role},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": name}],
        });
        state.put("clusterrolebindings", "", &role, binding);
    }

    /// True if the user of a token has a right, in `team-a` or in the whole cluster, as a finding describes it. A name
    /// that is given replaces the finding's.
    pub fn has_right(&self, token: &str, finding: &Value, name: Option<&str>) -> bool {
        let state = self.state();
        let user = state.user_of(Some(token)).unwrap();
        let text = |key: &str| finding[key].as_str().unwrap();
        let right = Right {
            verb: text("verb"),
            group: text("group"),
            resource: joined(text("resource"), text("subresource")),
            namespace: if text("scope") == "namespace" {
                "team-a"
            } else {
                ""
            },
            name: name.unwrap_or(text("name")),
        };
        state.may(&user, &right)
    }

    /// A kubeconfig for this server with a token, in the namespace `team-a`.
    pub fn kubeconfig(&self, token: &str) -> String {
        self.kubeconfig_of(&format!("{{token: {token}}}"))
    }

    /// The same with another user, in YAML's flow form.
    pub fn kubeconfig_of(&self, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
             clusters: [{{name: test, cluster: {{server: \"{}\", certificate-authority-data: {}}}}}]\n\
             contexts: [{{name: dev, context: {{cluster: test, user: me, namespace: team-a}}}}]\n\
             users: [{{name: me, user: {user}}}]\n",
            self.cluster.server, self.cluster.ca
        )
    }

    /// The names of the objects of a resource in `team-a`.
    pub fn names(&self, resource: &str) -> Vec<String> {
        let state = self.state();
        let keys = state.objects.keys();
        keys.filter(|(kind, namespace, _)| kind == resource && namespace == "team-a")
            .map(|(_, _, name)| name.clone())
            .collect()
    }

    /// Changes an object in `team-a` behind everybody's back.
    pub fn change(&self, resource: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let key = (resource.to_owned(), "team-a".to_owned(), name.to_owned());
        change(self.state().objects.get_mut(&key).unwrap());
    }

    /// Removes an object in `team-a` behind everybody's back.
    pub fn forget(&self, resource: &str, name: &str) {
        let key = (resource.to_owned(), "team-a".to_owned(), name.to_owned());
        self.state().objects.remove(&key).unwrap();
    }

    /// Every token that was issued and still works.
    pub fn live_tokens(&self) -> Vec<String> {
        let state = self.state();
        let tokens = state.tokens.keys();
        tokens
            .filter(|token| state.user_of(Some(token)).is_ok())
            .cloned()
            .collect()
    }

    /// Every token that was ever issued.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.state().tokens.keys().cloned().collect()
    }

    /// Lets a user log in with this token, too.
    pub fn know(&self, token: &str, name: &str) {
        let user = User {
            name: name.to_owned(),
            groups: vec!["system:authenticated".to_owned()],
            uid: None,
            credential: None,
        };
        self.state().users.insert(token.to_owned(), user);
    }

    /// Requests as `METHOD path?query`.
    pub fn requests(&self) -> Vec<String> {
        let state = self.state();
        let line = |logged: &Logged| match logged.query.as_str() {
            "" => format!("{} {}", logged.method, logged.path),
            query => format!("{} {}?{query}", logged.method, logged.path),
        };
        state.log.iter().map(line).collect()
    }
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({"apiGroups": groups, "resources": resources, "verbs": verbs})
}

/// The roles that every cluster has, cut to what tests look at.
fn built_in() -> Vec<(&'static str, Value)> {
    let reads = &["get", "list", "watch"];
    let writes = &["create", "delete", "deletecollection", "patch", "update"];
    let view = [
        rule(
            &[""],
            &[
                "configmaps",
                "pods",
                "pods/log",
                "pods/status",
                "services",
                "endpoints",
                "events",
                "serviceaccounts",
                "namespaces",
                "persistentvolumeclaims",
                "replicationcontrollers",
                "resourcequotas",
                "limitranges",
            ],
            reads,
        ),
        rule(
            &["apps"],
            &["deployments", "replicasets", "statefulsets", "daemonsets"],
            reads,
        ),
        rule(&["batch"], &["jobs", "cronjobs"], reads),
        rule(
            &["networking.k8s.io"],
            &["ingresses", "networkpolicies"],
            reads,
        ),
        rule(&["autoscaling"], &["horizontalpodautoscalers"], reads),
    ];
    let edit = [
        rule(&[""], &["secrets"], reads),
        rule(
            &[""],
            &["pods/attach", "pods/exec", "pods/portforward"],
            &["get", "create"],
        ),
        rule(
            &[""],
            &[
                "configmaps",
                "pods",
                "secrets",
                "serviceaccounts",
                "services",
            ],
            writes,
        ),
        rule(&[""], &["serviceaccounts"], &["impersonate"]),
        rule(&[""], &["serviceaccounts/token"], &["create"]),
        rule(
            &["apps"],
            &["deployments", "deployments/scale", "statefulsets/scale"],
            writes,
        ),
        rule(&["networking.k8s.io"], &["ingresses"], writes),
    ];
    let admin = [rule(
        &[RBAC],
        &["roles", "rolebindings"],
        &[reads.as_slice(), writes].concat(),
    )];
    vec![
        ("cluster-admin", json!([rule(&["*"], &["*"], &["*"])])),
        ("view", json!(view)),
        ("edit", json!([view.as_slice(), &edit].concat())),
        ("admin", json!([view.as_slice(), &edit, &admin].concat())),
    ]
}

/// A question about a right.
struct Right<'a> {
    verb: &'a str,
    group: &'a str,
    /// With its subresource: `pods/exec`.
    resource: String,
    namespace: &'a str,
    name: &'a str,
}

/// The parts of an address.
struct Target<'a> {
    group: &'static str,
    namespace: &'a str,
    resource: &'a str,
    name: &'a str,
    subresource: &'a str,
}

fn target(path: &str) -> Option<Target<'_>> {
    let (group, rest) = match path.strip_prefix("/api/v1/") {
        Some(rest) => ("", rest),
        None => (
            RBAC,
            path.strip_prefix("/apis/rbac.authorization.k8s.io/v1/")?,
        ),
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let (namespace, rest) = match parts.as_slice() {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest.to_vec()),
        _ => ("", parts),
    };
    Some(Target {
        group,
        namespace,
        resource: rest.first()?,
        name: rest.get(1).copied().unwrap_or_default(),
        subresource: rest.get(2).copied().unwrap_or_default(),
    })
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    let (code, mut body) = refusal(code, reason, message);
    body["details"] = details;
    (code, body)
}

impl State {
    fn put(&mut self, resource: &str, namespace: &str, name: &str, mut object: Value) -> Value {
        self.serial += 1;
        object["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.serial));
        object["metadata"]["creationTimestamp"] = json!("2026-11-28T17:22:56Z");
        let key = (resource.to_owned(), namespace.to_owned(), name.to_owned());
        self.objects.insert(key, object.clone());
        object
    }

    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        let key = (resource.to_owned(), namespace.to_owned(), name.to_owned());
        self.objects.get(&key)
    }

    fn answer(&mut self, asked: &Asked) -> Told {
        let at = self.faults.iter().position(|plan| {
            plan.method == asked.method
                && asked.path.contains(plan.path)
                && !asked.query.contains("dryRun")
        });
        let fault = at.map(|at| self.faults.remove(at).fault);
        // The certificate is that of an administrator.
        let admin = asked.has_certificate.then_some(ADMIN);
        let user = self.user_of(asked.token.as_deref().or(admin));
        let quotes = self.quotes.as_mut();
        if let Some(quotes) = quotes.filter(|quotes| asked.path.contains(quotes.path)) {
            quotes.was_used = true;
        }
        let (code, body) = match (&fault, user) {
            (Some(Fault::Refuses(code)), _) => {
                refusal(*code, "Planned", "the test wants this refusal")
            }
            (Some(Fault::Busy(_)), _) => refusal(429, "TooManyRequests", "try again later"),
            (Some(Fault::Cut | Fault::Portal), _) => (0, Value::Null),
            (_, Ok(user)) => self.handle(asked, &user),
            (_, Err(())) => refusal(401, "Unauthorized", "Unauthorized"),
        };
        self.log.push(Logged {
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            body: String::from_utf8_lossy(&asked.body).into_owned(),
            headers: asked.headers.clone(),
            has_certificate: asked.has_certificate,
        });
        match fault {
            Some(Fault::AnswerLost | Fault::Cut) => return Told::nothing(),
            Some(Fault::Portal) => return Told::text(401, "text/html", "<html>Log in</html>"),
            Some(Fault::Hangs) => return Told::text(HANGS, "", ""),
            Some(Fault::FailsAfter(code)) => {
                return Told::json(refusal(code, "InternalError", "it was done all the same"));
            }
            Some(Fault::Busy(headers)) => {
                return Told {
                    headers,
                    ..Told::json((code, body))
                };
            }
            _ => {}
        }
        let quotes = self.quotes.as_ref();
        match quotes.filter(|quotes| asked.path.contains(quotes.path)) {
            Some(quotes) => quotes.told(asked, (code, body)),
            None => Told::json((code, body)),
        }
    }

    /// Who bears a token; nobody for one that never was, has ended, or was taken back.
    fn user_of(&self, token: Option<&str>) -> Result<User, ()> {
        let Some(token) = token else {
            return Ok(User {
                name: "system:anonymous".to_owned(),
                groups: vec!["system:unauthenticated".to_owned()],
                uid: None,
                credential: None,
            });
        };
        if let Some(user) = self.users.get(token) {
            return Ok(user.clone());
        }
        let claims = self.tokens.get(token).ok_or(())?;
        let bound = &claims["kubernetes.io"];
        let namespace = bound["namespace"].as_str().unwrap();
        let lives = |resource: &str, object: &Value| {
            let name = object["name"].as_str().unwrap();
            let kept = self.get(resource, namespace, name);
            kept.is_some_and(|kept| kept["metadata"]["uid"] == object["uid"])
        };
        let account = &bound["serviceaccount"];
        let anchor = bound.get("secret");
        let is_over = !lives("serviceaccounts", account)
            || anchor.is_some_and(|anchor| !lives("secrets", anchor));
        if is_over && !self.forgets_nothing {
            return Err(());
        }
        Ok(User {
            name: claims["sub"].as_str().unwrap().to_owned(),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
            uid: account["uid"].as_str().map(str::to_owned),
            credential: Some(format!("JTI={}", claims["jti"].as_str().unwrap())),
        })
    }

    /// The rules that a user has in a namespace; with none, in the whole cluster.
    fn rules(&self, user: &User, namespace: &str) -> Vec<Value> {
        let mut rules = Vec::new();
        if user.groups.iter().any(|group| group == "system:masters") {
            rules.push(rule(&["*"], &["*"], &["*"]));
        }
        if user
            .groups
            .iter()
            .any(|group| group == "system:authenticated")
        {
            let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"];
            rules.push(rule(&["authorization.k8s.io"], &reviews, &["create"]));
            rules.push(rule(
                &["authentication.k8s.io"],
                &["selfsubjectreviews"],
                &["create"],
            ));
        }
        for ((resource, place, _), binding) in &self.objects {
            let counts = match resource.as_str() {
                "clusterrolebindings" => true,
                "rolebindings" => place == namespace && !namespace.is_empty(),
                _ => false,
            };
            let subjects = binding["subjects"]
                .as_array()
                .map_or(&[][..], Vec::as_slice);
            if !counts
                || !subjects
                    .iter()
                    .any(|subject| is_meant(subject, user, place))
            {
                continue;
            }
            let name = binding["roleRef"]["name"].as_str().unwrap_or_default();
            let role = match binding["roleRef"]["kind"].as_str() {
                Some("Role") => self.get("roles", place, name),
                _ => self.get("clusterroles", "", name),
            };
            let found = role.and_then(|role| role["rules"].as_array());
            rules.extend(found.into_iter().flatten().cloned());
        }
        rules
    }

    fn may(&self, user: &User, right: &Right<'_>) -> bool {
        self.rules(user, right.namespace)
            .iter()
            .any(|rule| covers(rule, right))
    }

    fn handle(&mut self, asked: &Asked, user: &User) -> (u16, Value) {
        let body: Value =
            serde_json::from_slice(&asked.body).unwrap_or_else(|_| of_kubectl(&asked.body));
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/version") => {
                return (
                    200,
                    json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4"}),
                );
            }
            ("POST", path) if path.starts_with("/apis/auth") => {
                return self.review(path, &body, user);
            }
            _ => {}
        }
        let Some(target) = target(&asked.path) else {
            return refusal(
                404,
                "NotFound",
                "the server could not find the requested resource",
            );
        };
        let verb = match (asked.method.as_str(), target.name) {
            ("POST", _) => "create",
            ("DELETE", "") => "deletecollection",
            ("DELETE", _) => "delete",
            ("PATCH", _) => "patch",
            ("PUT", _) => "update",
            (_, "") => "list",
            _ => "get",
        };
        let right = Right {
            verb,
            group: target.group,
            resource: joined(target.resource, target.subresource),
            namespace: if target.resource == "namespaces" {
                target.name
            } else {
                target.namespace
            },
            name: target.name,
        };
        if !self.may(user, &right) {
            return forbidden(user, &right);
        }
        if !target.namespace.is_empty()
            && self.get("namespaces", "", target.namespace).is_none()
            && verb == "create"
        {
            return absent("namespaces", target.namespace);
        }
        let is_dry = asked.query.split('&').any(|pair| pair == "dryRun=All");
        match (verb, target.subresource) {
            ("create", "token") => {
                let (code, mut answer) = self.token(&target, &body);
                if let Some(lie) = &self.lie {
                    lie(&mut answer, asked);
                }
                // A lie may be a refusal.
                let told = answer["code"]
                    .as_u64()
                    .and_then(|told| told.try_into().ok());
                (told.unwrap_or(code), answer)
            }
            ("create", _) => self.create(&target, body, is_dry, user),
            ("list", _) => self.list(&target, &asked.query),
            ("get", _) => match self.get(target.resource, target.namespace, target.name) {
                Some(object) => (200, object.clone()),
                None => absent(target.resource, target.name),
            },
            ("patch", "") => self.annotate(&target, &body),
            ("delete", _) => self.delete(&target, &body, is_dry),
            _ => refusal(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            ),
        }
    }

    fn review(&self, path: &str, body: &Value, user: &User) -> (u16, Value) {
        let mut answer = body.clone();
        if let Some(code) = self
            .hides_names
            .filter(|_| path.ends_with("/selfsubjectreviews"))
        {
            return refusal(code, "Hidden", "no answer to this question");
        }
        if path.ends_with("/selfsubjectreviews") {
            let mut info = json!({"username": user.name, "groups": user.groups});
            if let Some(uid) = &user.uid {
                info["uid"] = json!(uid);
            }
            if let Some(credential) = &user.credential {
                info["extra"] = json!({"authentication.kubernetes.io/credential-id": [credential]});
            }
            answer["status"] = json!({"userInfo": info});
            return (201, answer);
        }
        if user.name == "system:anonymous" {
            return refusal(
                403,
                "Forbidden",
                "User \"system:anonymous\" cannot create resource",
            );
        }
        if path.ends_with("/selfsubjectrulesreviews") {
            let namespace = body["spec"]["namespace"].as_str().unwrap_or_default();
            if namespace.is_empty() {
                return refusal(400, "BadRequest", "no namespace on request");
            }
            let rules = self.rules(user, namespace);
            answer["status"] = json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": self.authorizer_fails});
            return (201, answer);
        }
        let wanted = &body["spec"]["resourceAttributes"];
        let text = |key: &str| wanted[key].as_str().unwrap_or_default();
        let right = Right {
            verb: text("verb"),
            group: text("group"),
            resource: joined(text("resource"), text("subresource")),
            namespace: text("namespace"),
            name: text("name"),
        };
        let allowed = self.may(user, &right);
        answer["status"] = json!({"allowed": allowed});
        if allowed {
            answer["status"]["reason"] = json!("RBAC: allowed by a binding of the test");
        } else if self.authorizer_fails {
            answer["status"]["evaluationError"] = json!("an authorizer failed");
        }
        (201, answer)
    }

    fn create(
        &mut self,
        target: &Target<'_>,
        mut body: Value,
        is_dry: bool,
        user: &User,
    ) -> (u16, Value) {
        let name = body["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let is_label = !name.is_empty()
            && name.len() <= 63
            && name.chars().all(|c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | ':')
            });
        if !is_label {
            let cause = json!([{"reason": "FieldValueInvalid", "message": "a lowercase RFC 1123 subdomain", "field": "metadata.name"}]);
            let details = json!({"name": name, "kind": target.resource, "causes": cause});
            return status(
                422,
                "Invalid",
                &format!("\"{name}\" is invalid: metadata.name"),
                details,
            );
        }
        if self.get(target.resource, target.namespace, &name).is_some() {
            let details = json!({"name": name, "kind": target.resource});
            let text = format!("{} \"{name}\" already exists", target.resource);
            return status(409, "AlreadyExists", &text, details);
        }
        if let Some(refused) = self.escalates(target, &body, user) {
            return refused;
        }
        body["metadata"]["namespace"] = json!(target.namespace);
        if is_dry {
            return (201, body);
        }
        if let Some((_, change)) = self.webhook.filter(|(kind, _)| *kind == target.resource) {
            change(&mut body);
        }
        (
            201,
            self.put(target.resource, target.namespace, &name, body),
        )
    }

    /// Nobody gives away a right without having it, or the right to give it away.
    fn escalates(&self, target: &Target<'_>, body: &Value, user: &User) -> Option<(u16, Value)> {
        let (verb, rules) = match target.resource {
            "roles" => ("escalate", body["rules"].clone()),
            "rolebindings" => {
                let name = body["roleRef"]["name"].as_str().unwrap_or_default();
                let role = match body["roleRef"]["kind"].as_str() {
                    Some("Role") => self.get("roles", target.namespace, name),
                    _ => self.get("clusterroles", "", name),
                };
                let right = Right {
                    verb: "bind",
                    group: RBAC,
                    resource: if body["roleRef"]["kind"] == "Role" {
                        "roles"
                    } else {
                        "clusterroles"
                    }
                    .to_owned(),
                    namespace: target.namespace,
                    name,
                };
                if self.may(user, &right) {
                    return None;
                }
                match role {
                    Some(role) => ("bind", role["rules"].clone()),
                    None => return Some(absent("clusterroles.rbac.authorization.k8s.io", name)),
                }
            }
            _ => return None,
        };
        let right = Right {
            verb,
            group: RBAC,
            resource: target.resource.to_owned(),
            namespace: target.namespace,
            name: "",
        };
        if verb == "escalate" && self.may(user, &right) {
            return None;
        }
        let lacks = |rule: &Value| {
            texts(&rule["apiGroups"]).iter().any(|group| {
                texts(&rule["resources"]).iter().any(|resource| {
                    texts(&rule["verbs"]).iter().any(|verb| {
                        let right = Right {
                            verb,
                            group,
                            resource: (*resource).to_owned(),
                            namespace: target.namespace,
                            name: "",
                        };
                        !self.may(user, &right)
                    })
                })
            })
        };
        let missing: Vec<String> = rules
            .as_array()?
            .iter()
            .filter(|rule| lacks(rule))
            .map(Value::to_string)
            .collect();
        if missing.is_empty() {
            return None;
        }
        let name = body["metadata"]["name"].as_str().unwrap_or_default();
        let text = format!(
            "{}.{RBAC} \"{name}\" is forbidden: user \"{}\" (groups={:?}) is attempting to grant RBAC permissions not currently held:\n{}",
            target.resource,
            user.name,
            user.groups,
            missing.join("\n")
        );
        Some(status(
            403,
            "Forbidden",
            &text,
            json!({"name": name, "kind": target.resource}),
        ))
    }

    fn list(&self, target: &Target<'_>, query: &str) -> (u16, Value) {
        let selector = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("labelSelector="));
        let selector = selector.map(|text| {
            text.replace("%2F", "/")
                .replace("%3D", "=")
                .replace("%2C", ",")
        });
        let fits = |object: &Value| {
            let pairs = selector.iter().flat_map(|text| text.split(','));
            pairs
                .filter_map(|pair| pair.split_once('='))
                .all(|(key, value)| object["metadata"]["labels"][key] == value)
        };
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|((resource, namespace, _), object)| {
                resource == target.resource
                    && (target.namespace.is_empty() || namespace == target.namespace)
                    && fits(object)
            })
            .map(|(_, object)| object)
            .collect();
        (
            200,
            json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items}),
        )
    }

    fn delete(&mut self, target: &Target<'_>, body: &Value, is_dry: bool) -> (u16, Value) {
        let Some(object) = self.get(target.resource, target.namespace, target.name) else {
            return absent(target.resource, target.name);
        };
        let wanted = &body["preconditions"]["uid"];
        if !wanted.is_null() && *wanted != object["metadata"]["uid"] {
            let text = "the UID in the precondition does not match the UID in record";
            return status(
                409,
                "Conflict",
                text,
                json!({"name": target.name, "kind": target.resource}),
            );
        }
        if !is_dry && self.keeps != Some(target.resource) {
            let key = (
                target.resource.to_owned(),
                target.namespace.to_owned(),
                target.name.to_owned(),
            );
            self.objects.remove(&key);
        }
        (
            200,
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
        )
    }

    /// A merge patch of annotations.
    fn annotate(&mut self, target: &Target<'_>, body: &Value) -> (u16, Value) {
        let key = [target.resource, target.namespace, target.name].map(str::to_owned);
        let Some(object) = self.objects.get_mut(&key.into()) else {
            return absent(target.resource, target.name);
        };
        let (wanted, own) = (&body["metadata"], &mut object["metadata"]);
        if !wanted["uid"].is_null() && wanted["uid"] != own["uid"] {
            return refusal(409, "Conflict", "Precondition failed: UID in precondition");
        }
        for (key, text) in wanted["annotations"].as_object().unwrap() {
            own["annotations"][key] = text.clone();
        }
        (200, object.clone())
    }

    /// A token for an account. A dry run gives one that works, too, as a real server does.
    fn token(&mut self, target: &Target<'_>, body: &Value) -> (u16, Value) {
        let Some(account) = self.get("serviceaccounts", target.namespace, target.name) else {
            return absent("serviceaccounts", target.name);
        };
        let uid = account["metadata"]["uid"].clone();
        let wanted = body["spec"]["expirationSeconds"].as_u64().unwrap_or(3600);
        if wanted < 600 {
            let text = "may not specify a duration less than 10 minutes";
            let causes = json!([{"reason": "FieldValueInvalid", "message": text, "field": "spec.expirationSeconds"}]);
            return status(
                422,
                "Invalid",
                text,
                json!({"kind": "TokenRequest", "causes": causes}),
            );
        }
        let granted = wanted.min(self.longest);
        let mut bound = json!({
            "namespace": target.namespace,
            "serviceaccount": {"name": target.name, "uid": uid},
        });
        let anchor = &body["spec"]["boundObjectRef"];
        if let Some(name) = anchor["name"].as_str() {
            let Some(secret) = self.get("secrets", target.namespace, name) else {
                return absent("secrets", name);
            };
            let uid = &secret["metadata"]["uid"];
            if !anchor["uid"].is_null() && anchor["uid"] != *uid {
                return status(
                    409,
                    "Conflict",
                    "the UID in the bound object reference does not match the UID in record",
                    json!({}),
                );
            }
            bound["secret"] = json!({"name": name, "uid": uid});
        }
        self.serial += 1;
        let now = jiff::Timestamp::now();
        let end = now + jiff::SignedDuration::from_secs(i64::try_from(granted).unwrap());
        let claims = json!({
            "aud": ["https://kubernetes.default.svc"],
            "iss": "https://kubernetes.default.svc",
            "iat": now.as_second(), "nbf": now.as_second(), "exp": end.as_second(),
            "jti": format!("10000000-0000-4000-8000-{:012}", self.serial),
            "sub": format!("system:serviceaccount:{}:{}", target.namespace, target.name),
            "kubernetes.io": bound,
        });
        let part = |value: &Value| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let token = format!(
            "{}.{}.c2lnbmF0dXJl",
            part(&json!({"alg": "RS256", "kid": "test"})),
            part(&claims)
        );
        self.tokens.insert(token.clone(), claims);
        let end = jiff::Timestamp::from_second(end.as_second()).unwrap();
        let answer = json!({
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": target.name, "namespace": target.namespace},
            "spec": {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": granted,
                     "boundObjectRef": body["spec"]["boundObjectRef"]},
            "status": {"token": token, "expirationTimestamp": end.to_string()},
        });
        (201, answer)
    }
}

/// The one question that kubectl asks in protobuf here: for the rules of a namespace (`auth can-i --list`).
fn of_kubectl(body: &[u8]) -> Value {
    let is_about_team = body.windows(6).any(|word| word == b"team-a");
    if !body.starts_with(b"k8s\0") || !is_about_team {
        return Value::Null;
    }
    json!({
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "spec": {"namespace": "team-a"},
    })
}

fn joined(resource: &str, subresource: &str) -> String {
    match subresource {
        "" => resource.to_owned(),
        part => format!("{resource}/{part}"),
    }
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).collect()
}

fn is_meant(subject: &Value, user: &User, namespace: &str) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => name == user.name,
        Some("Group") => user.groups.iter().any(|group| group == name),
        Some("ServiceAccount") => {
            let of = subject["namespace"].as_str().unwrap_or(namespace);
            user.name == format!("system:serviceaccount:{of}:{name}")
        }
        _ => false,
    }
}

fn covers(rule: &Value, right: &Right<'_>) -> bool {
    let has = |key: &str, word: &str| {
        texts(&rule[key])
            .iter()
            .any(|item| *item == "*" || *item == word)
    };
    let part = right
        .resource
        .split_once('/')
        .map(|(_, part)| format!("*/{part}"));
    let names = texts(&rule["resourceNames"]);
    has("verbs", right.verb)
        && has("apiGroups", right.group)
        && (has("resources", &right.resource) || part.is_some_and(|part| has("resources", &part)))
        && (names.is_empty() || names.contains(&right.name))
}

fn forbidden(user: &User, right: &Right<'_>) -> (u16, Value) {
    let place = match right.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let text = format!(
        "{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
        right.resource, user.name, right.verb, right.resource, right.group
    );
    status(403, "Forbidden", &text, json!({"kind": right.resource}))
}

fn absent(resource: &str, name: &str) -> (u16, Value) {
    let text = format!("{resource} \"{name}\" not found");
    status(
        404,
        "NotFound",
        &text,
        json!({"name": name, "kind": resource}),
    )
}
