//! The parts that the verbs about minted credentials share: the record of the account, the two ends of the work, and
//! the kubeconfig with its token.

use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::api::{self, ListOptions};
use crate::cluster::change;
use crate::cluster::grade::Level;
use crate::cluster::granted::{CLOCKS, Granted};
use crate::cluster::inspect::{Inspection, inspect};
use crate::cluster::journal::{Journal, Note};
use crate::cluster::objects::{
    Account, CREDENTIAL as CREDENTIAL_NOTE, ID_LABEL, Object, PLATFORM, RECORD, is_name,
};
use crate::cluster::{Class, Client, Fault};
use crate::commands::grading;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::intake::cluster::{self, Way, failure};
use crate::kubeconfig::Access;
use crate::output::{note, signals};
use crate::resources::{
    CREDENTIAL, DIGEST, MINT_ANCHOR, MINT_ID, MINT_NAMESPACE, MINT_ROLE, MINT_TOKEN, MINT_TTL,
    Record, SERVER, annotation,
};
use crate::runner::expiry::date;
use crate::text::url_for_people;
use crate::yaml;

/// How often a new token is tried if it has no rights yet, and the wait between: several API servers learn of a new
/// binding one after the other.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);
/// The limits of the time for which a token is asked.
const SHORTEST_TTL: Duration = Duration::from_secs(600);
const LONGEST_TTL: Duration = Duration::from_secs(3650 * 86_400);
/// How long an interrupted run goes on to remove what it has made.
const LONGEST_UNDO: Duration = Duration::from_secs(20);

/// The account of a minted credential, as the credential's annotations record it.
#[derive(Debug, Clone)]
pub(super) struct Minted {
    pub account: Account,
    pub role: String,
    pub anchor: String,
    pub ttl: Duration,
    /// The address of the cluster.
    pub server: String,
}

impl Minted {
    /// Reads the annotations of a credential; `None` if it was not minted. The platform sent them, so what is not a
    /// name in a cluster is not used.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let name = |key| Some(annotation(record, key)).filter(|text| is_name(text));
        let account = Account {
            id: name(MINT_ID)?,
            namespace: name(MINT_NAMESPACE)?,
        };
        let anchor = annotation(record, MINT_ANCHOR);
        account.may_have_anchor(&anchor).then_some(Self {
            account,
            anchor,
            role: annotation(record, MINT_ROLE),
            ttl: Duration::from_secs(annotation(record, MINT_TTL).parse().ok()?),
            server: annotation(record, SERVER),
        })
    }

    /// Reads the annotations of a credential that must have been minted.
    ///
    /// # Errors
    /// [`Kind::Data`] if it was not.
    pub(super) fn require(record: &Record) -> Result<Self, Failure> {
        Self::of(record).ok_or_else(|| {
            let name = record.name_or_id();
            Failure::new(
                Kind::Data,
                format!("the credential {name} was not minted by acpctl"),
            )
            .hint("its cluster's administrator can renew it or take it back; 'acpctl credential create --mint' makes one that you can")
        })
    }

    /// Returns the annotations of the account and of a token whose access was asked for.
    pub(super) fn annotations(&self, asked: &Inspection, ctx: &Ctx) -> Map<String, Value> {
        let mut map = grading::annotations(asked, ctx);
        for (key, value) in [
            (MINT_ID, self.account.id.clone()),
            (MINT_NAMESPACE, self.account.namespace.clone()),
            (MINT_ROLE, self.role.clone()),
            (MINT_ANCHOR, self.anchor.clone()),
            (MINT_TTL, self.ttl.as_secs().to_string()),
        ] {
            map.insert(key.to_owned(), value.into());
        }
        let token = asked.user.as_ref().and_then(|user| user.credential.clone());
        if let Some(token) = token {
            map.insert(MINT_TOKEN.to_owned(), token.into());
        }
        map
    }
}

/// The two ends of the work: the cluster, with the user's own login, and the platform.
pub(super) struct Ends<'c> {
    pub cluster: Client,
    pub way: Way,
    pub platform: &'c api::Client,
    /// The address of the platform, as the cluster and the journal get to know it: without a login.
    pub address: String,
}

impl<'c> Ends<'c> {
    /// Connects to both.
    ///
    /// # Errors
    /// If one of them can't be reached as the user wants.
    pub(super) fn open(ctx: &'c Ctx, mut way: Way, allowed: &[String]) -> anyhow::Result<Self> {
        require_tls(&way.access)?;
        let platform = ctx.client()?;
        let address = url_for_people(&ctx.settings()?.api_url.value);
        let cluster = ctx.block_on(cluster::connect(ctx, &mut way, allowed))?;
        Ok(Self {
            cluster,
            way,
            platform,
            address,
        })
    }

    /// Returns the command that removes everything of an account by hand.
    pub(super) fn remove_by_hand(&self, account: &Account) -> String {
        self.cluster.kubectl(&[
            "-n",
            &account.namespace,
            "delete",
            "rolebindings,secrets,roles,serviceaccounts",
            "-l",
            &account.label(),
        ])
    }

    /// Returns the command that removes these objects by hand, in their order.
    pub(super) fn remove_each_by_hand(&self, objects: &[Object]) -> String {
        let namespace = objects.first().map(|object| object.namespace.as_str());
        let namespace = namespace.unwrap_or_default();
        let mut words = vec!["-n", namespace, "delete", "--ignore-not-found"];
        let named: Vec<String> = objects.iter().map(Object::word).collect();
        words.extend(named.iter().map(String::as_str));
        self.cluster.kubectl(&words)
    }

    /// Says which objects were left alone.
    pub(super) fn tell_kept(&self, ctx: &Ctx, kept: &[Object]) {
        for object in kept {
            ctx.out.warn(&format!(
                "the {} does not have the label {ID_LABEL}={}, so it was left alone; if it is not somebody else's, remove it: {}",
                object.says(),
                object.id,
                self.remove_each_by_hand(std::slice::from_ref(object))
            ));
        }
    }

    /// Returns the address of the cluster as annotations have it.
    pub(super) fn server(&self) -> String {
        self.way.access.context.server.clone().unwrap_or_default()
    }

    /// Returns all records on the platform that name an account.
    ///
    /// # Errors
    /// The platform does not say.
    pub(super) async fn records_of(
        &self,
        account: &Account,
    ) -> anyhow::Result<Vec<(Record, Minted)>> {
        let options = ListOptions::default();
        let list = self.platform.list(&CREDENTIAL, "/credentials", &options);
        let found = list.await?.items.unwrap_or_default();
        let minted = found.into_iter().filter_map(|record| {
            let minted = Minted::of(&record)?;
            (minted.account == *account).then_some((record, minted))
        });
        Ok(minted.collect())
    }

    /// Writes into a new account which record it belongs to, if the run of this note has made the record. Otherwise the
    /// stored token must prove it.
    pub(super) async fn name_new_owner(&self, ctx: &Ctx, note: &Note, record: &Record) {
        let own = annotation(record, DIGEST);
        if note.digest.as_ref() == Some(&own) {
            self.name_owner(ctx, &note.account(), record).await;
        }
    }

    /// Writes into an account which record of the platform it belongs to.
    async fn write_owner(&self, object: &Object, record: &Record) -> Result<(), Fault> {
        let found = change::find(&self.cluster, object).await?;
        let found = found.filter(|found| change::is_ours(found, object));
        match change::uid(found.as_ref()) {
            Some(uid) => {
                let owner = [(RECORD, record.id())];
                change::annotate(&self.cluster, object, &uid, &owner).await
            }
            None => Ok(()),
        }
    }

    /// Does that after a renewal. An account that may only renew can't do it, and is not warned in each run.
    pub(super) async fn name_owner_again(&self, ctx: &Ctx, account: &Account, record: &Record) {
        match self.write_owner(&account.itself(), record).await {
            Err(fault) if fault.class == Class::Permission => ctx.out.aside(&format!(
                "The {} does not name this credential, and you may not change it: the stored token proves whose it is",
                account.itself().says()
            )),
            named => self.tell_unnamed(ctx, account, record, named),
        }
    }

    /// Does that for a new account. If it fails, the account works nevertheless, and its token must prove whose it is.
    async fn name_owner(&self, ctx: &Ctx, account: &Account, record: &Record) {
        let named = self.write_owner(&account.itself(), record).await;
        self.tell_unnamed(ctx, account, record, named);
    }

    fn tell_unnamed(
        &self,
        ctx: &Ctx,
        account: &Account,
        record: &Record,
        named: Result<(), Fault>,
    ) {
        let object = account.itself();
        if let Err(fault) = named {
            ctx.out.warn(&format!(
                "the {} does not say that it belongs to this credential: {}",
                object.says(),
                fault.text
            ));
            ctx.out
                .note_as_is(&format!("By hand: {}", self.claim_by_hand(account, record)));
        }
    }

    /// Returns the command that gives an account to a record by hand.
    pub(super) fn claim_by_hand(&self, account: &Account, record: &Record) -> String {
        let object = account.itself();
        let notes = [
            (CREDENTIAL_NOTE, record.name()),
            (PLATFORM, self.address.as_str()),
            (RECORD, record.id()),
        ];
        let notes = notes.map(|(key, text)| format!("{key}={text}"));
        let mut words = vec!["-n", &object.namespace, "annotate", "--overwrite"];
        let word = object.word();
        words.push(&word);
        words.extend(notes.iter().map(String::as_str));
        self.cluster.kubectl(&words)
    }

    /// Returns the token in a stored kubeconfig, or why there is none to ask this cluster with. The text comes from the
    /// platform: a token for another cluster is not for this one.
    pub(super) fn token_in(&self, text: &SecretString) -> Result<SecretString, &'static str> {
        let way = cluster::of_text("the stored kubeconfig", text.expose_secret())
            .map_err(|_| "the stored kubeconfig can't be used")?;
        if way.access.context.server != self.way.access.context.server {
            return Err("the stored kubeconfig leads to another cluster");
        }
        way.access.token.ok_or("the stored kubeconfig has no token")
    }

    /// Returns a client for this cluster with a token of an account. The way is the user's own: that of a stored
    /// kubeconfig might lead to somebody who answers in the cluster's place.
    ///
    /// # Errors
    /// The kubeconfig can't be used here.
    pub(super) async fn client_with(
        &self,
        ctx: &Ctx,
        account: &Account,
        token: &SecretString,
    ) -> anyhow::Result<Client> {
        let text = kubeconfig(&self.way.access, "own", account, token)?;
        let way = cluster::of_text("the kubeconfig of the account", text.expose_secret())?;
        Ok(cluster::client(ctx, &way.access).await.map_err(failure)?)
    }

    /// Removes objects, the later ones even if an earlier one can't be removed. Returns those that were left alone.
    ///
    /// # Errors
    /// The first fault.
    pub(super) async fn remove_all(&self, objects: &[Object]) -> Result<Vec<Object>, Failure> {
        let mut first = None;
        let mut kept = Vec::new();
        for object in objects {
            match change::remove(&self.cluster, object).await {
                Ok(true) => {}
                Ok(false) => kept.push(object.clone()),
                Err(fault) => {
                    first.get_or_insert(fault);
                }
            }
        }
        first.map_or(Ok(kept), |fault| Err(failure(fault)))
    }

    /// Begins work that a signal does not cut off in its middle. `rest` says what to do if it is ended nevertheless.
    ///
    /// # Errors
    /// The system does not report signals.
    pub(super) fn begin_work(&self, then: &str, rest: &str) -> anyhow::Result<signals::Work> {
        let first = format!(
            "Interrupted: the request under way is finished, then {then}; a second signal ends the run at once"
        );
        let second =
            format!("Ended within the work: the cluster may hold what the run has made. {rest}");
        signals::Work::begin([first, second], note).context("wait for signals")
    }

    /// Undoes the work of this run after `why`. The journal is kept if something may be left.
    pub(super) fn undo(
        &self,
        ctx: &Ctx,
        journal: Journal,
        objects: &[Object],
        why: anyhow::Error,
    ) -> anyhow::Error {
        let undone = ctx.block_on(async {
            // Whoever has interrupted the run waits for this.
            let limit = if why.is::<Status>() {
                LONGEST_UNDO
            } else {
                Duration::MAX
            };
            let removed = tokio::time::timeout(limit, self.remove_all(objects)).await;
            Ok(removed.context("it took too long")??)
        });
        match undone {
            Ok(kept) => {
                journal.end();
                self.tell_kept(ctx, &kept);
                ctx.out
                    .note("What this run made in the cluster is removed again");
            }
            Err(error) => {
                ctx.out.warn(&format!(
                    "what this run made in the cluster could not be removed: {error:#}"
                ));
                ctx.out.note_as_is(&format!(
                    "The next 'acpctl credential create --mint', 'renew' or 'revoke' for this cluster tries again. By hand: {}",
                    self.remove_each_by_hand(objects)
                ));
            }
        }
        why
    }

    /// Asks the cluster what a new token can do. The token must be the account's.
    ///
    /// # Errors
    /// The cluster does not accept it, takes it for another user's, or nothing tells whose it is.
    pub(super) async fn prove(
        &self,
        ctx: &Ctx,
        account: &Account,
        granted: &Granted,
        text: &SecretString,
    ) -> anyhow::Result<Inspection> {
        let way = cluster::of_text("the minted kubeconfig", text.expose_secret())?;
        let client = cluster::client(ctx, &way.access).await.map_err(failure)?;
        let mut asked = ask(&client, account, granted).await?;
        for _ in 1..TRIES {
            if asked.grade.level > Level::None {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            asked = ask(&client, account, granted).await?;
        }
        if asked.user.is_none() {
            ctx.out
                .note("The cluster does not say whose the new token is; the token itself names the account");
        }
        Ok(asked)
    }
}

async fn ask(client: &Client, account: &Account, granted: &Granted) -> Result<Inspection, Failure> {
    let asked = inspect(client, &account.namespace).await.map_err(failure)?;
    let why = match &asked.user {
        Some(user) if !user.is(&account.user()) => {
            format!("the cluster takes the new token for that of {}", user.name)
        }
        // A cluster that does not answer the question must not be able to give any token.
        None if !granted.names_account => {
            "the new token can't be read, and the cluster does not say whose it is".to_owned()
        }
        _ => return Ok(asked),
    };
    let hint = "tell the cluster's administrator";
    Err(failure(Fault::new(Class::Login, why, hint)))
}

/// A token must not be asked for over a connection that anybody can read.
fn require_tls(access: &Access) -> Result<(), Failure> {
    let server = access.server.trim();
    let has_login = url_for_people(server) != server;
    if access.server.starts_with("https://") && !has_login {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Data,
        format!(
            "tokens are minted only at an https:// address without a login in it, and the kubeconfig has {}",
            url_for_people(server)
        ),
    )
    .hint("correct the cluster's 'server' in the kubeconfig"))
}

/// Returns the kubeconfig with a minted token: the way to the cluster is the user's, the login is the token alone.
///
/// # Errors
/// It can't be written.
pub(super) fn kubeconfig(
    access: &Access,
    name: &str,
    account: &Account,
    token: &SecretString,
) -> anyhow::Result<SecretString> {
    use base64::Engine as _;
    let mut cluster = json!({"server": access.server.trim()});
    if let Some(ca) = &access.ca {
        let ca = base64::engine::general_purpose::STANDARD.encode(ca);
        cluster["certificate-authority-data"] = ca.into();
    }
    if let Some(name) = &access.tls_server_name {
        cluster["tls-server-name"] = name.as_str().into();
    }
    if access.insecure {
        cluster["insecure-skip-tls-verify"] = true.into();
    }
    // A password for the proxy is the user's own.
    let proxy = access.proxy_url.as_ref().map(SecretString::expose_secret);
    if let Some(proxy) = proxy.filter(|url| url_for_people(url) == *url) {
        cluster["proxy-url"] = proxy.into();
    }
    let user = account.name();
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "contexts": [{"name": name, "context": {"cluster": "cluster", "user": user, "namespace": account.namespace}}],
        "users": [{"name": user, "user": {"token": token.expose_secret()}}],
    });
    let text = yaml::to_string(&document).context("write the kubeconfig")?;
    Ok(SecretString::from(text))
}

/// Returns a time for which a token can be asked.
///
/// # Errors
/// No cluster gives a token for so short a time, or it is absurdly long.
pub(super) fn check_ttl(ttl: Duration) -> Result<Duration, Failure> {
    if (SHORTEST_TTL..=LONGEST_TTL).contains(&ttl) {
        return Ok(ttl);
    }
    Err(Failure::usage(
        "--ttl must be 10m at least, and 3650d at most",
    ))
}

/// Returns a length of time as flags take it: `8h`, `90m`, `601s`.
pub(super) fn length(time: Duration) -> String {
    match time.as_secs() {
        0 => "0s".to_owned(),
        seconds if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        seconds if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Warns of a token that ends much sooner than it was asked for.
pub(super) fn warn_if_short(ctx: &Ctx, ttl: Duration, end: jiff::Timestamp) {
    let soonest = ctx.now().checked_add(ttl.saturating_sub(CLOCKS));
    if soonest.is_ok_and(|soonest| end < soonest) {
        ctx.out.warn(&format!(
            "the cluster grants the token until {} only",
            date(end)
        ));
    }
}

/// Describes the access of a token in a sentence.
pub(super) fn says(minted: &Minted, asked: &Inspection, end: jiff::Timestamp) -> String {
    format!(
        "{} in the namespace {}, grade {}, until {}",
        minted.role,
        minted.account.namespace,
        asked.grade,
        date(end)
    )
}
