//! Whose account a record names. The platform sends the record, and whoever may change it, or make another one, may
//! write the account of somebody else into it: before anything changes in the cluster, the record is compared with what
//! the account says about itself, and with the stored token.
//!
//! The account names the ID that the platform gave the record, which nobody can choose. An account that does not have
//! it yet names only what can be copied, so there the cluster must recognize the stored token as the account's. If the
//! token has ended, nothing can be proved: such an account gets no new token, and is taken back only if the user says
//! so.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::minted::{Ends, Minted};
use crate::cluster::fault::said;
use crate::cluster::objects::{
    Account, CREDENTIAL, ID_LABEL, Kind as Made, MANAGED_BY, Object, PLATFORM, RECORD,
};
use crate::cluster::{Class, change, questions};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, failure};
use crate::kubeconfig::jwt;
use crate::resources::{KUBECONFIG, Record};
use crate::session_helper::fetch;
use crate::text::{acpctl_for, quote};

/// What the stored token says about itself.
#[derive(Default)]
struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// The name or the uid of the account, or of the Secret that the token ends with.
    fn bound(&self, object: &str, key: &str) -> Option<&str> {
        self.0.get("kubernetes.io")?[object][key].as_str()
    }
}

/// The account of a record, which is the credential's own.
pub(super) struct Own {
    /// The uid of the account; `None` if the cluster does not have the account any more.
    pub uid: Option<String>,
    /// True if the account names the ID of the record.
    pub is_named: bool,
    /// Why nothing but the record says that the account is the credential's; `None` if something proves it.
    pub doubt: Option<&'static str>,
    /// The stored kubeconfig, if this user may read it.
    pub text: Option<SecretString>,
    claims: Claims,
}

impl Own {
    /// Makes sure that the account which the record names is the credential's own. Nothing is changed.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if it is another credential's, or if nothing tells whose it is.
    pub(super) async fn of(
        ctx: &Ctx,
        ends: &Ends<'_>,
        record: &Record,
        minted: &Minted,
    ) -> anyhow::Result<Self> {
        let text = fetch::token(ends.platform, record.id(), KUBECONFIG).await;
        let text = text.ok();
        let claims = text.as_ref().and_then(claims_of);
        let unknown = match (&text, &claims) {
            (None, _) => Some("can't be read"),
            (Some(_), None) => Some("does not say whose it is"),
            (Some(_), Some(_)) => None,
        };
        if let Some(unknown) = unknown {
            ctx.out.note(&format!(
                "The stored token {unknown}; what the account in the cluster says decides"
            ));
        }
        let mut own = Self {
            uid: None,
            is_named: false,
            doubt: None,
            text,
            claims: claims.unwrap_or_default(),
        };
        let side = Side {
            ends,
            record,
            account: &minted.account,
        };
        own.compare_token(&side).await?;
        let object = own.known(minted.account.itself());
        let found = change::find(&ends.cluster, &object)
            .await
            .map_err(failure)?;
        if let Some(found) = found {
            own.compare_object(ends, record, &object, &found)?;
            side.compare_platform(note_of(&found, PLATFORM))?;
            match note_of(&found, RECORD) {
                Some(id) => side.compare_id(id)?,
                None => {
                    side.compare_name(note_of(&found, CREDENTIAL))?;
                    side.require_only_record().await?;
                    own.doubt = own.recognize(ctx, &side).await?;
                }
            }
            own.is_named = note_of(&found, RECORD).is_some();
            own.uid = change::uid(Some(&found));
        }
        Ok(own)
    }

    /// Makes sure that something proves that the account is the credential's.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if nothing but the record says so.
    pub(super) fn require_proof(
        &self,
        ends: &Ends<'_>,
        record: &Record,
        minted: &Minted,
    ) -> Result<(), Failure> {
        let Some(why) = self.doubt else {
            return Ok(());
        };
        let account = &minted.account;
        let side = Side {
            ends,
            record,
            account,
        };
        Err(side.failure(why).hint(format!(
            "if you know that this record is the credential itself, give it the account: {}; if it is a copy, delete it: {}",
            ends.claim_by_hand(account, record),
            side.delete(record)
        )))
    }

    /// Returns the account with the anchor that the stored token names: the record may have been changed.
    pub(super) fn with_its_anchor(&self, minted: &Minted) -> Minted {
        let named = self.named_anchor(minted).unwrap_or(&minted.anchor);
        with_anchor(minted, named)
    }

    /// Returns the account with the anchor of the token in use. If that can't be read, and the cluster does not have
    /// the anchor that the record names, it is the other one.
    ///
    /// # Errors
    /// The cluster does not say.
    pub(super) async fn in_use(&self, ends: &Ends<'_>, minted: &Minted) -> Result<Minted, Failure> {
        if self.named_anchor(minted).is_some() {
            return Ok(self.with_its_anchor(minted));
        }
        let other = minted.account.next_anchor(&minted.anchor);
        for anchor in [&minted.anchor, &other] {
            let object = minted.account.anchor(anchor);
            let found = change::find(&ends.cluster, &object)
                .await
                .map_err(failure)?;
            if found.is_some_and(|found| change::is_ours(&found, &object)) {
                return Ok(with_anchor(minted, anchor));
            }
        }
        Ok(minted.clone())
    }

    fn named_anchor(&self, minted: &Minted) -> Option<&str> {
        let named = self.claims.bound("secret", "name");
        named.filter(|name| minted.account.may_have_anchor(name))
    }

    /// Returns when the stored token ends, if it says so.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.time("exp")
    }

    /// Returns an object with its uid, if the stored token names it.
    pub(super) fn known(&self, mut object: Object) -> Object {
        let claim = match object.kind {
            Made::Account => "serviceaccount",
            Made::Anchor => "secret",
            Made::Role | Made::Binding => return object,
        };
        if self.claims.bound(claim, "name") == Some(object.name.as_str()) {
            object.uid = self.claims.bound(claim, "uid").map(str::to_owned);
        }
        object
    }

    /// Returns how long the stored token was given for, if it says so.
    pub(super) fn lifetime(&self) -> Option<SignedDuration> {
        Some(self.end()?.duration_since(self.time("iat")?))
    }

    fn time(&self, claim: &str) -> Option<Timestamp> {
        let seconds = self.claims.0.get(claim)?.as_i64()?;
        Timestamp::from_second(seconds).ok()
    }

    async fn compare_token(&self, side: &Side<'_>) -> Result<(), Failure> {
        let Some(user) = self.claims.text("sub") else {
            return Ok(());
        };
        if user == side.account.user() {
            return Ok(());
        }
        let text = format!(
            "the record of {} names the account {}, and its token is that of {}; nothing is changed",
            side.record.name_or_id(),
            side.account.user(),
            quote(user)
        );
        let hint = side.after_a_change(Account::of_user(user)).await;
        Err(Failure::new(Kind::Conflict, text).hint(hint))
    }

    fn compare_object(
        &self,
        ends: &Ends<'_>,
        record: &Record,
        object: &Object,
        found: &Value,
    ) -> Result<(), Failure> {
        let name = record.name_or_id();
        let says = object.says();
        let refuse =
            |text: String, hint: String| Err(Failure::new(Kind::Conflict, text).hint(hint));
        if object.uid.is_some() && object.uid != change::uid(Some(found)) {
            return refuse(
                format!(
                    "the {says} is not the one that the token of {name} was made for: somebody has made it anew; nothing is changed"
                ),
                format!(
                    "that token has ended; delete the record: {}",
                    acpctl_for(&["credential", "delete"], name, &["--force"])
                ),
            );
        }
        if !change::is_ours(found, object) {
            let label = format!("{ID_LABEL}={}", object.id);
            return refuse(
                format!(
                    "the {says} is in the cluster without the label {label}, so it is left alone"
                ),
                format!(
                    "if it is the credential's, give the label back: {}",
                    ends.cluster.kubectl(&[
                        "-n",
                        &object.namespace,
                        "label",
                        "--overwrite",
                        &object.word(),
                        &label
                    ])
                ),
            );
        }
        Ok(())
    }

    /// The cluster must recognize the stored token as the account's: what the token says can be forged. Returns why
    /// nothing is proved if the token has ended.
    async fn recognize(&self, ctx: &Ctx, side: &Side<'_>) -> anyhow::Result<Option<&'static str>> {
        let Side { ends, account, .. } = side;
        let Some(text) = &self.text else {
            return Err(side.refuse("the stored token can't be read").into());
        };
        let token = ends.token_in(text).map_err(|why| side.refuse(why))?;
        let client = ends.client_with(ctx, account, &token).await?;
        let user = account.user();
        match questions::who(&client).await {
            Ok(Some(name)) if name == said(&user) => Ok(None),
            Ok(Some(other)) => {
                let why = format!("the cluster takes the stored token for that of {other}");
                Err(side.refuse(&why).into())
            }
            // The cluster accepts the token, so what it says is not forged.
            Ok(None) if self.claims.text("sub") == Some(user.as_str()) => Ok(None),
            Ok(None) => Err(side
                .refuse("the cluster does not say whose the stored token is")
                .into()),
            Err(fault) if fault.class == Class::Login => Ok(Some(
                "the cluster does not accept the stored token any more",
            )),
            Err(fault) => Err(failure(fault).into()),
        }
    }
}

/// The record of the platform, which is compared with what the account says.
struct Side<'a> {
    ends: &'a Ends<'a>,
    record: &'a Record,
    account: &'a Account,
}

impl Side<'_> {
    fn compare_platform(&self, noted: Option<&str>) -> Result<(), Failure> {
        let own = self.ends.address.as_str();
        if noted == Some(own) {
            return Ok(());
        }
        let other = noted.unwrap_or("of somebody else");
        Err(self.refuse(&format!(
            "the account was made for the platform {other}, not for {own}"
        )))
    }

    fn compare_id(&self, noted: &str) -> Result<(), Failure> {
        if noted == self.record.id() {
            return Ok(());
        }
        Err(self.refuse(&format!(
            "the account belongs to the record {}",
            quote(noted)
        )))
    }

    fn compare_name(&self, noted: Option<&str>) -> Result<(), Failure> {
        match noted {
            Some(name) if name == self.record.name() => Ok(()),
            Some(other) => Err(self.refuse(&format!(
                "the account was made for the credential {}",
                quote(other)
            ))),
            None => Err(self.refuse("the account does not say for which credential it was made")),
        }
    }

    /// One of several records that name the account is a copy, and nothing tells which.
    async fn require_only_record(&self) -> anyhow::Result<()> {
        let named = self.ends.records_of(self.account).await?;
        let other = named
            .iter()
            .find(|(record, _)| record.id() != self.record.id());
        let Some((other, _)) = other else {
            return Ok(());
        };
        let id = quote(other.id());
        let failure = self.failure(&format!("the record {id} names the same account"));
        Err(failure
            .hint(format!(
                "one of both is a copy; delete it. If it is the other one: {}; if it is this one: {}",
                self.delete(other),
                self.delete(self.record)
            ))
            .into())
    }

    fn failure(&self, why: &str) -> Failure {
        let name = self.record.name_or_id();
        let id = quote(self.record.id());
        let text = format!(
            "nothing proves that the {} is that of {name} (record {id}): {why}; nothing is changed",
            self.account.itself().says()
        );
        Failure::new(Kind::Conflict, text)
    }

    fn refuse(&self, why: &str) -> Failure {
        self.failure(why).hint(format!(
            "if this record is a copy, delete it: {}; only if you know that it is the credential itself, give it the account: {}",
            self.delete(self.record),
            self.ends.claim_by_hand(self.account, self.record)
        ))
    }

    /// Returns the command that deletes a record alone. By its ID: a copy may have the name of the other.
    fn delete(&self, record: &Record) -> String {
        acpctl_for(&["credential", "delete"], record.id(), &["--force"])
    }

    /// Says what to do about a record whose token is that of another account. Either may be somebody else's, so only
    /// what names this record is to be removed.
    async fn after_a_change(&self, other: Option<Account>) -> String {
        let delete = self.delete(self.record);
        let mut own = Vec::new();
        for account in [Some(self.account), other.as_ref()].into_iter().flatten() {
            if self.is_named_by(account).await {
                own.push(self.ends.remove_by_hand(account));
            }
        }
        if own.is_empty() {
            let account = other.as_ref().unwrap_or(self.account);
            let (label, value) = MANAGED_BY;
            let selector = format!("{label}={value}");
            let words = ["-n", &account.namespace, "get", "serviceaccounts", "-l"];
            let words = [words.as_slice(), &[&selector, "-o", "yaml"]].concat();
            return format!(
                "somebody has changed the record or its token, and neither account names the record; see whose they are ({}), then delete the record: {delete}",
                self.ends.cluster.kubectl(&words)
            );
        }
        format!(
            "somebody has changed the record or its token; take back by hand what names this record ({}), then delete the record: {delete}",
            own.join("; ")
        )
    }

    /// Returns true if the account names this record as its own.
    async fn is_named_by(&self, account: &Account) -> bool {
        let object = account.itself();
        let found = change::find(&self.ends.cluster, &object).await;
        found.ok().flatten().is_some_and(|found| {
            change::is_ours(&found, &object)
                && note_of(&found, PLATFORM) == Some(self.ends.address.as_str())
                && note_of(&found, RECORD) == Some(self.record.id())
        })
    }
}

fn with_anchor(minted: &Minted, anchor: &str) -> Minted {
    Minted {
        anchor: anchor.to_owned(),
        ..minted.clone()
    }
}

fn note_of<'f>(found: &'f Value, key: &str) -> Option<&'f str> {
    found["metadata"]["annotations"][key].as_str()
}

/// Reads the claims of the token in a stored kubeconfig.
fn claims_of(text: &SecretString) -> Option<Claims> {
    let way = cluster::of_text("the stored kubeconfig", text.expose_secret()).ok()?;
    let token = way.access.token?;
    Some(Claims(jwt::parse(token.expose_secret())?.claims))
}
