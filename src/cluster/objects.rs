//! The objects that a minted credential has in its cluster, as data.
//!
//! All have the same name, but for the anchors, and the same label: by it they are found again. A token is bound to an
//! anchor, an empty Secret: deleting the anchor ends the token, and no other.

use serde_json::{Value, json};

use super::grade::RBAC;
use super::roles::{Role, role_reference};

/// The label of everything that this program makes in a cluster, and its value.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "acpctl");
/// The label with the ID of the credential that an object is for.
pub(crate) const ID_LABEL: &str = "acpctl/id";

/// The annotations of an account: the credential's name, the address of the platform that stores it, and the ID that
/// the platform gave its record. Nobody chooses that ID, so another record can't claim the account.
pub(crate) const CREDENTIAL: &str = "acpctl/credential";
pub(crate) const PLATFORM: &str = "acpctl/platform";
pub(crate) const RECORD: &str = "acpctl/credential-id";
/// The length of the random part of a name.
const RANDOM: usize = 8;

/// The account of one minted credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub id: String,
    pub namespace: String,
}

/// The credential that an account is for.
pub(crate) struct Origin {
    pub credential: String,
    /// The address of the platform.
    pub platform: String,
}

/// The random generator of the system does not work.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub(crate) struct NoRandomness;

/// Returns lower-case letters and digits that nobody can guess.
fn random() -> Result<String, NoRandomness> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; RANDOM];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
    Ok(bytes.into_iter().map(letter).collect())
}

/// Returns true for a text that can be a part of a path and a name in a cluster (RFC 1123).
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    let is_inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'.';
    let bytes = text.as_bytes();
    let is_end = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && bytes.iter().copied().all(is_inner)
        && is_end(bytes.first())
        && is_end(bytes.last())
}

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Account,
    Role,
    Binding,
    Anchor,
}

impl Kind {
    /// Returns Kubernetes' word for it.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Account => "ServiceAccount",
            Self::Role => "Role",
            Self::Binding => "RoleBinding",
            Self::Anchor => "Secret",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Account => "serviceaccounts",
            Self::Role => "roles",
            Self::Binding => "rolebindings",
            Self::Anchor => "secrets",
        }
    }

    /// Returns the path of all objects of this kind in a namespace.
    #[must_use]
    pub(crate) fn collection(self, namespace: &str) -> String {
        format!("{}/namespaces/{namespace}/{}", self.api(), self.plural())
    }

    /// Returns the path of all objects of this kind in the cluster.
    #[must_use]
    pub(crate) fn everywhere(self) -> String {
        format!("{}/{}", self.api(), self.plural())
    }

    fn api(self) -> String {
        match self {
            Self::Account | Self::Anchor => "/api/v1".to_owned(),
            Self::Role | Self::Binding => format!("/apis/{RBAC}/v1"),
        }
    }
}

/// One object of an account.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub kind: Kind,
    pub name: String,
    pub namespace: String,
    /// The account that it belongs to.
    pub id: String,
    /// Its uid, if the stored token names it: the object is then ours even without the label.
    pub uid: Option<String>,
    pub body: Value,
}

impl Object {
    /// Returns its path.
    #[must_use]
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.kind.collection(&self.namespace), self.name)
    }

    /// Returns it as kubectl takes it: `rolebindings/acpctl-prod-x7k2m`.
    #[must_use]
    pub(crate) fn word(&self) -> String {
        format!("{}/{}", self.kind.plural(), self.name)
    }

    /// Returns it as people read it: `RoleBinding acpctl-prod-x7k2m`.
    #[must_use]
    pub(crate) fn says(&self) -> String {
        format!("{} {}", self.kind.word(), self.name)
    }
}

impl Account {
    /// Returns a new account for a credential. Its ID begins with the credential's name, as far as a cluster permits.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn fresh(credential: &str, namespace: &str) -> Result<Self, NoRandomness> {
        let mut slug = String::new();
        for c in credential.to_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' => slug.push(c),
                _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                _ => {}
            }
        }
        slug.truncate(30);
        let slug = slug.trim_end_matches('-');
        let id = [slug, &random()?].map(str::to_owned).join("-");
        Ok(Self {
            id: id.trim_start_matches('-').to_owned(),
            namespace: namespace.to_owned(),
        })
    }

    /// Returns the two names of anchors. The tokens of an account take turns with them, so that the role of a renewer
    /// can name them in advance, and what a run has left on another machine is found.
    #[must_use]
    pub(crate) fn anchors(&self) -> [String; 2] {
        ["a", "b"].map(|end| format!("{}-{end}", self.name()))
    }

    /// Returns the name of the anchor for the token after that of `old`.
    #[must_use]
    pub(crate) fn next_anchor(&self, old: &str) -> String {
        let [first, second] = self.anchors();
        if first == old { second } else { first }
    }

    /// Returns true if this can be the name of an anchor of the account.
    #[must_use]
    pub(crate) fn may_have_anchor(&self, name: &str) -> bool {
        is_name(name) && name.starts_with(&format!("{}-", self.name()))
    }

    /// Returns the name of its objects.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        format!("acpctl-{}", self.id)
    }

    /// Returns the name by which the cluster knows a user with its token.
    #[must_use]
    pub(crate) fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name())
    }

    /// Returns the account that [`Self::user`] names, if it can be one of this program.
    #[must_use]
    pub(crate) fn of_user(user: &str) -> Option<Self> {
        let (namespace, name) = user
            .strip_prefix("system:serviceaccount:")?
            .split_once(':')?;
        let id = name.strip_prefix("acpctl-")?;
        (is_name(namespace) && is_name(id)).then(|| Self {
            id: id.to_owned(),
            namespace: namespace.to_owned(),
        })
    }

    /// Returns all objects, in the order of their creation.
    #[must_use]
    pub(crate) fn objects(&self, role: &Role, anchor: &str, of: &Origin) -> Vec<Object> {
        // Without this, every pod that names the account would get a token of it.
        let own = json!({"automountServiceAccountToken": false});
        let mut account = self.object(Kind::Account, self.name(), own);
        account.body["metadata"]["annotations"] =
            json!({CREDENTIAL: of.credential, PLATFORM: of.platform});
        let mut objects = vec![account];
        if let Role::Own { rules, .. } = role {
            objects.push(self.object(Kind::Role, self.name(), json!({"rules": rules})));
        }
        let subject =
            json!({"kind": "ServiceAccount", "name": self.name(), "namespace": self.namespace});
        objects.push(self.object(
            Kind::Binding,
            self.name(),
            json!({"roleRef": role_reference(role, &self.name()), "subjects": [subject]}),
        ));
        objects.push(self.anchor(anchor));
        objects
    }

    /// Returns the account's own object, without its content.
    #[must_use]
    pub(crate) fn itself(&self) -> Object {
        self.object(Kind::Account, self.name(), json!({}))
    }

    /// Returns an anchor.
    #[must_use]
    pub(crate) fn anchor(&self, name: &str) -> Object {
        self.object(Kind::Anchor, name.to_owned(), json!({"type": "Opaque"}))
    }

    /// Returns all objects that may exist, with the anchors of both turns, in the order of their removal.
    #[must_use]
    pub(crate) fn all_to_remove(&self, anchor: &str) -> Vec<Object> {
        let both = self.anchors();
        let others = both
            .iter()
            .map(String::as_str)
            .filter(|other| *other != anchor);
        let anchors: Vec<&str> = std::iter::once(anchor).chain(others).collect();
        self.to_remove(&anchors)
    }

    /// Returns the objects that may exist, in the order of their removal, without their contents. The binding goes
    /// first: without it, a token that is still remembered has no rights.
    #[must_use]
    pub(crate) fn to_remove(&self, anchors: &[&str]) -> Vec<Object> {
        let own = |kind| self.object(kind, self.name(), json!({}));
        let mut objects = vec![own(Kind::Binding)];
        objects.extend(anchors.iter().map(|name| self.anchor(name)));
        objects.extend([own(Kind::Role), own(Kind::Account)]);
        objects
    }

    /// Returns the label of all its objects.
    #[must_use]
    pub(crate) fn label(&self) -> String {
        format!("{ID_LABEL}={}", self.id)
    }

    fn object(&self, kind: Kind, name: String, mut body: Value) -> Object {
        let api = match kind {
            Kind::Account | Kind::Anchor => "v1".to_owned(),
            Kind::Role | Kind::Binding => format!("{RBAC}/v1"),
        };
        body["apiVersion"] = api.into();
        body["kind"] = kind.word().into();
        body["metadata"] = json!({
            "name": name,
            "namespace": self.namespace,
            "labels": {MANAGED_BY.0: MANAGED_BY.1, ID_LABEL: self.id},
        });
        Object {
            kind,
            name,
            namespace: self.namespace.clone(),
            id: self.id.clone(),
            uid: None,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_a_cluster_whatever_the_credential_is_called() {
        for name in ["prod", "Prod Cluster!", "☃", "", "-x-", &"long".repeat(40)] {
            let account = Account::fresh(name, "team-a").unwrap();
            let [first, second] = account.anchors();
            assert_eq!(account.next_anchor("older"), first);
            assert_eq!(account.next_anchor(&first), second);
            assert_eq!(account.next_anchor(&second), first);
            for text in [&account.id, &account.name(), &first, &second] {
                assert!(is_name(text), "{text:?}");
            }
        }
        for wrong in ["", "a/b", "..", "A", "-a", "a%2f", "a\n", &"a".repeat(64)] {
            assert!(!is_name(wrong), "{wrong:?}");
        }
    }
}
