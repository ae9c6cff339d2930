//! Whose account a record names. The platform sends the record, and whoever may change it may write another account
//! into it: before anything changes in the cluster, the record is compared with the stored token and with what the
//! account says about itself.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::minted::{Ends, Minted};
use crate::cluster::change;
use crate::cluster::objects::{Account, CREDENTIAL, ID_LABEL, Kind as Made, Object, PLATFORM};
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
        let stored = fetch::token(ends.platform, record.id(), KUBECONFIG).await;
        let (text, claims) = match stored {
            Ok(text) => {
                let claims = claims_of(&text);
                if claims.is_none() {
                    ctx.out.note("The stored token does not say whose it is; what the account in the cluster says decides");
                }
                (Some(text), claims)
            }
            Err(_) => {
                ctx.out.note(
                    "The stored token can't be read; what the account in the cluster says decides",
                );
                (None, None)
            }
        };
        let mut own = Self {
            uid: None,
            text,
            claims: claims.unwrap_or_default(),
        };
        own.compare_token(ends, record, &minted.account)?;
        let object = own.known(minted.account.itself());
        let found = change::find(&ends.cluster, &object)
            .await
            .map_err(failure)?;
        if let Some(found) = found {
            own.compare_account(ends, record, &object, &found)?;
            own.uid = change::uid(Some(&found));
        }
        Ok(own)
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
        let time = |key| {
            let seconds = self.claims.0.get(key)?.as_i64()?;
            Timestamp::from_second(seconds).ok()
        };
        Some(time("exp")?.duration_since(time("iat")?))
    }

    fn compare_token(
        &self,
        ends: &Ends<'_>,
        record: &Record,
        account: &Account,
    ) -> Result<(), Failure> {
        let Some(user) = self.claims.text("sub") else {
            return Ok(());
        };
        if user == account.user() {
            return Ok(());
        }
        let name = record.name_or_id();
        let text = format!(
            "the record of {name} names the account {}, and its token is that of {}; nothing is changed",
            account.user(),
            quote(user)
        );
        Err(Failure::new(Kind::Conflict, text).hint(match Account::of_user(user) {
            Some(own) => format!(
                "somebody has changed the record; take back its token by hand ({}), then delete the record: {}",
                ends.remove_by_hand(&own),
                acpctl_for(&["credential", "delete"], name, &[])
            ),
            None => format!(
                "somebody has changed the record; delete it: {}",
                acpctl_for(&["credential", "delete"], name, &[])
            ),
        }))
    }

    fn compare_account(
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
                    acpctl_for(&["credential", "delete"], name, &[])
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
        let noted = |key: &str| found["metadata"]["annotations"][key].as_str();
        if noted(CREDENTIAL) != Some(record.name()) {
            let other = noted(CREDENTIAL).map_or_else(
                || "does not say for which credential it was made".to_owned(),
                |other| format!("was made for the credential {}", quote(other)),
            );
            let note = format!("{CREDENTIAL}={}", record.name());
            return refuse(
                format!("the record of {name} names the {says}, which {other}; nothing is changed"),
                format!(
                    "only if the account is that of {name}, after a change of the name, say so: {}",
                    ends.cluster.kubectl(&[
                        "-n",
                        &object.namespace,
                        "annotate",
                        "--overwrite",
                        &object.word(),
                        &note,
                    ])
                ),
            );
        }
        if noted(PLATFORM) != Some(ends.address.as_str()) {
            return refuse(
                format!(
                    "the {says} was made for the platform {}, not for {}; nothing is changed",
                    noted(PLATFORM).unwrap_or("of somebody else"),
                    ends.address
                ),
                "work at that platform (--api-url), or mint a new credential for this one"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// Reads the claims of the token in a stored kubeconfig.
fn claims_of(text: &SecretString) -> Option<Claims> {
    let way = cluster::of_text("the stored kubeconfig", text.expose_secret()).ok()?;
    let token = way.access.token?;
    Some(Claims(jwt::parse(token.expose_secret())?.claims))
}
