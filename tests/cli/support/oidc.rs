//! An `OpenID` Connect issuer on loopback: discovery, keys, code with PKCE, device code, ID tokens of CI systems,
//! refresh with rotation, revocation. It also plays issuers that are slow, that lie or that fail.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::server::{Received, Reply, Scripted, json as answer, raw};

/// The realm's path below the server's address.
pub const REALM: &str = "/realms/r";
pub const CLIENT: &str = "cid";
pub const CLIENT_SECRET: &str = "canary-client-secret";
pub const PASSWORD: &str = "canary-password";
/// What a CI system gives to a job.
pub const ID_TOKEN: &str = "canary-id-token-0123456789";
/// 2100-01-01T00:00:00Z.
pub const FAR: i64 = 4_102_444_800;
/// 2020-01-01T00:00:00Z.
pub const PAST: i64 = 1_577_836_800;

/// How the token endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// Takes the request and never answers.
    Silent,
    /// Closes the connection without an answer.
    Closing,
    /// Refuses with an error and its description.
    Refusing,
    /// Refuses with an error and no description.
    Curt,
    /// 500 with a page for people.
    Broken,
    /// 200 with something that is not JSON.
    NotJson,
    /// 200 without an access token.
    Empty,
    /// 200 with a token that counts only with a proof of its own.
    Bound,
    /// 200 with a token that has expired already.
    Stale,
    /// 201, which is no success here.
    Created,
    /// Sends the client elsewhere.
    Moved,
    /// Forgets the refresh token in its answers.
    Forgetful,
    /// Takes two seconds for new tokens, and for a revocation.
    Slow,
    /// Refuses, and repeats in its words what it was sent.
    Echoing,
}

/// What was asked for at the authorization endpoint, under the code that was given out.
struct Grant {
    challenge: String,
    redirect: String,
    client: String,
}

struct State {
    mood: Mood,
    /// Fields of the discovery document that differ; null removes one.
    document: Value,
    /// The access token of every answer, in place of a new one.
    access: Option<String>,
    /// What the token endpoint says to the next questions for a device code, before it gives tokens: an error, or the
    /// status of a proxy.
    device: VecDeque<&'static str>,
    /// Fields of the answer with the device code that differ.
    device_answer: Value,
    challenge: String,
    /// The end of the path that is answered with a redirect, and the address it leads to.
    moved: Option<(&'static str, String)>,
    /// Refresh tokens and their sessions, where the issuer has sessions.
    session: Option<&'static str>,
    grants: BTreeMap<String, Grant>,
    live: BTreeSet<String>,
    revoked: Vec<String>,
    made: usize,
}

pub struct Issuer {
    server: Scripted,
    state: Arc<Mutex<State>>,
}

impl Issuer {
    pub fn new(mood: Mood) -> Self {
        Self::start(mood, &json!({}))
    }

    /// An issuer whose discovery document differs in these fields. `status` is the answer's status.
    pub fn lying(document: &Value) -> Self {
        Self::start(Mood::Good, document)
    }

    /// The answers to the next questions for a device code, before the tokens.
    pub fn script_device(&self, answers: &[&'static str]) {
        self.state.lock().unwrap().device.extend(answers);
    }

    /// The answer with the device code differs in these fields.
    pub fn change_device(&self, changes: &Value) {
        self.state.lock().unwrap().device_answer = changes.clone();
    }

    /// Sends every request whose path ends so to another address, with its method and its body.
    pub fn redirect(&self, end: &'static str, address: &str) {
        self.state.lock().unwrap().moved = Some((end, address.to_owned()));
    }

    /// The access token of every answer from now on is this text.
    pub fn set_access(&self, access: &str) {
        self.state.lock().unwrap().access = Some(access.to_owned());
    }

    /// All tokens from now on belong to this session.
    pub fn set_session(&self, session: &'static str) {
        self.state.lock().unwrap().session = Some(session);
    }

    /// An issuer that offers no revocation in its discovery document.
    pub fn without_revocation() -> Self {
        Self::start(Mood::Good, &json!({"revocation_endpoint": null}))
    }

    fn start(mood: Mood, document: &Value) -> Self {
        let state = Arc::new(Mutex::new(State {
            mood,
            document: document.clone(),
            access: None,
            device: VecDeque::new(),
            device_answer: json!({}),
            challenge: String::new(),
            moved: None,
            session: None,
            grants: BTreeMap::new(),
            live: BTreeSet::new(),
            revoked: Vec::new(),
            made: 0,
        }));
        let inner = Arc::clone(&state);
        let server = Scripted::with(move |request| {
            let host = format!("http://{}", request.header("Host").unwrap_or_default());
            let Ok(target) = Url::parse(&host).unwrap().join(&request.target) else {
                return raw(400, "text/plain", "");
            };
            let mut state = inner.lock().unwrap();
            let mood = state.mood;
            let moved = state.moved.as_ref();
            if let Some((_, address)) = moved.filter(|(end, _)| target.path().ends_with(end)) {
                return redirect(307, address.clone());
            }
            match target.path().strip_prefix(REALM).unwrap_or_default() {
                "/.well-known/openid-configuration" if mood == Mood::Silent => Reply::Hang,
                "/.well-known/openid-configuration" => discovery(&host, &state.document),
                "/protocol/openid-connect/certs" => answer(200, &json!({"keys": []})),
                "/protocol/openid-connect/auth" => authorize(&mut state, &target),
                "/protocol/openid-connect/token" => token(&mut state, mood, request),
                "/protocol/openid-connect/auth/device" if mood == Mood::Echoing => echo(request),
                "/protocol/openid-connect/auth/device" => device(&mut state, &host, request),
                "/protocol/openid-connect/revoke" if mood == Mood::Refusing => {
                    answer(401, &json!({"error": "unauthorized_client"}))
                }
                "/protocol/openid-connect/revoke" => {
                    if mood == Mood::Slow {
                        thread::sleep(Duration::from_secs(2));
                    }
                    let given = form(request).remove("token").unwrap_or_default();
                    state.live.remove(&given);
                    state.revoked.push(given);
                    raw(200, "text/plain", "")
                }
                "/github" if request.header("Authorization") == Some("Bearer canary-github") => {
                    answer(200, &json!({"value": ID_TOKEN}))
                }
                _ => raw(404, "text/plain", "no such page"),
            }
        });
        Self { server, state }
    }

    /// What goes into `--issuer-url`.
    pub fn url(&self) -> String {
        format!("{}{REALM}", self.server.url())
    }

    /// A refresh token that is good for one use.
    pub fn refresh_token(&self) -> String {
        fresh(&mut self.state.lock().unwrap(), "refresh")
    }

    /// Behaves in another way from now on.
    pub fn change(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The forms that the token endpoint was sent.
    pub fn token_requests(&self) -> Vec<BTreeMap<String, String>> {
        let asked = self.server.received();
        let tokens = asked
            .iter()
            .filter(|request| request.target.ends_with("/token"));
        tokens.map(form).collect()
    }

    pub fn received(&self) -> Vec<Received> {
        self.server.received()
    }

    /// The server's address, without the realm.
    pub fn host(&self) -> &str {
        self.server.url()
    }

    /// The refresh tokens that were revoked.
    pub fn revoked(&self) -> Vec<String> {
        self.state.lock().unwrap().revoked.clone()
    }
}

/// A JWT with these claims; nobody here looks at the signature.
pub fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(&json!({"alg": "RS256", "typ": "JWT"})),
        part(claims),
        URL_SAFE_NO_PAD.encode("signature")
    )
}

/// A token of this user that ends then.
pub fn token_until(end: i64, id: &str) -> String {
    jwt(&json!({"sub": "alice", "email": "alice@corp.test", "exp": end, "jti": id}))
}

fn discovery(host: &str, changes: &Value) -> Reply {
    let at = |name: &str| format!("{host}{REALM}/protocol/openid-connect/{name}");
    let mut document = json!({
        "issuer": format!("{host}{REALM}"), "authorization_endpoint": at("auth"), "token_endpoint": at("token"),
        "device_authorization_endpoint": at("auth/device"), "revocation_endpoint": at("revoke"),
        "jwks_uri": at("certs"), "code_challenge_methods_supported": ["S256"],
    });
    for (key, value) in changes.as_object().unwrap() {
        document[key] = value.clone();
    }
    match changes["status"].as_u64() {
        Some(302) => redirect(302, "/elsewhere".to_owned()),
        Some(200) => raw(200, "text/html", "<h1>portal</h1>"),
        Some(status) => answer(u16::try_from(status).unwrap(), &json!({"error": "no"})),
        None => answer(200, &document),
    }
}

/// A code to type. Clients without a proof key are refused, as some demand it.
fn device(state: &mut State, host: &str, request: &Received) -> Reply {
    let form = form(request);
    let Some(challenge) = form.get("code_challenge") else {
        let why = "Missing parameter: code_challenge_method";
        return answer(
            400,
            &json!({"error": "invalid_request", "error_description": why}),
        );
    };
    state.challenge.clone_from(challenge);
    let uri = format!("{host}{REALM}/device");
    let mut body = json!({
        "device_code": "canary-device-code", "user_code": "VBBN-OSRT", "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code=VBBN-OSRT"), "expires_in": 600, "interval": 1,
    });
    for (key, value) in state.device_answer.as_object().unwrap() {
        body[key] = value.clone();
    }
    answer(200, &body)
}

/// Leads elsewhere.
fn redirect(status: u16, address: String) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("Location", address)],
        body: Vec::new(),
    }
}

/// A refusal that repeats the form, secrets and all.
fn echo(request: &Received) -> Reply {
    let said: Vec<String> = form(request).into_values().collect();
    answer(
        400,
        &json!({"error": "invalid_request", "error_description": format!("not [{}]", said.join("] ["))}),
    )
}

/// The user agrees at once and is sent back.
fn authorize(state: &mut State, target: &Url) -> Reply {
    let query: BTreeMap<String, String> = target.query_pairs().into_owned().collect();
    let value = |key: &str| query.get(key).cloned().unwrap_or_default();
    if value("response_type") != "code" || value("code_challenge_method") != "S256" {
        return raw(400, "text/plain", "code with PKCE only");
    }
    let code = fresh(state, "code");
    state.live.remove(&code);
    let grant = Grant {
        challenge: value("code_challenge"),
        redirect: value("redirect_uri"),
        client: value("client_id"),
    };
    state.grants.insert(code.clone(), grant);
    let mut back = Url::parse(&value("redirect_uri")).unwrap();
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &value("state"));
    redirect(302, back.to_string())
}

fn token(state: &mut State, mood: Mood, request: &Received) -> Reply {
    let refused = |why: &str| {
        answer(
            400,
            &json!({"error": "invalid_grant", "error_description": why}),
        )
    };
    match mood {
        Mood::Silent => return Reply::Hang,
        Mood::Closing => return Reply::Close,
        Mood::Refusing => return refused("Token is not active"),
        Mood::Curt => return answer(401, &json!({"error": "invalid_client"})),
        Mood::Broken => return raw(500, "text/html", "<h1>sorry</h1>"),
        Mood::NotJson => return raw(200, "text/plain", "oh well"),
        Mood::Empty => return answer(200, &json!({"token_type": "Bearer"})),
        Mood::Bound => {
            let token = token_until(FAR, "never-used");
            return answer(200, &json!({"access_token": token, "token_type": "DPoP"}));
        }
        Mood::Created => return answer(201, &json!({"access_token": "never-used"})),
        Mood::Moved => return redirect(302, "/elsewhere".to_owned()),
        Mood::Echoing => return echo(request),
        Mood::Slow => thread::sleep(Duration::from_secs(2)),
        Mood::Good | Mood::Stale | Mood::Forgetful => {}
    }
    let form = form(request);
    let value = |key: &str| form.get(key).cloned().unwrap_or_default();
    let allowed = match value("grant_type").as_str() {
        "authorization_code" => state.grants.remove(&value("code")).is_some_and(|grant| {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(value("code_verifier")));
            challenge == grant.challenge
                && value("redirect_uri") == grant.redirect
                && value("client_id") == grant.client
        }),
        // A refresh token is good for one use: a second run with the same one is locked out.
        "refresh_token" => state.live.remove(&value("refresh_token")),
        "client_credentials" => {
            value("client_secret") == CLIENT_SECRET || value("client_assertion") == ID_TOKEN
        }
        "password" => value("username") == "ada" && value("password") == PASSWORD,
        "urn:ietf:params:oauth:grant-type:token-exchange" => value("subject_token") == ID_TOKEN,
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => value("assertion") == ID_TOKEN,
        "urn:ietf:params:oauth:grant-type:device_code" => {
            if let Some(error) = state.device.pop_front() {
                if let Ok(status) = error.parse() {
                    return raw(status, "text/html", "<h1>busy</h1>");
                }
                return answer(400, &json!({"error": error}));
            }
            value("device_code") == "canary-device-code"
                && URL_SAFE_NO_PAD.encode(Sha256::digest(value("code_verifier"))) == state.challenge
        }
        _ => false,
    };
    if !allowed {
        return refused("Token is not active");
    }
    let end = if mood == Mood::Stale { PAST } else { FAR };
    let id = fresh(state, "access");
    let access = match state.session {
        _ if state.access.is_some() => state.access.clone().unwrap_or_default(),
        Some(session) => jwt(&json!({"sub": "alice", "exp": end, "jti": id, "sid": session})),
        None => token_until(end, &id),
    };
    let mut body = json!({"access_token": access, "token_type": "Bearer", "expires_in": 300});
    if mood != Mood::Forgetful {
        body["refresh_token"] = fresh(state, "refresh").into();
    }
    answer(200, &body)
}

fn form(request: &Received) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// A new value that counts as live.
fn fresh(state: &mut State, kind: &str) -> String {
    state.made += 1;
    let value = format!("canary-{kind}-{}", state.made);
    state.live.insert(value.clone());
    value
}
