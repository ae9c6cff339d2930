//! Recognizes what reads like a token in the words of a login program, which may show a login that this run does not
//! know yet.

use super::mask::MASK;
use super::secrets;

/// The beginnings of well-known tokens.
const PREFIXES: [&str; 15] = [
    "github_pat_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "glpat-",
    "sha256~",
    "k8s-aws-v1.",
    "ya29.",
    "xoxb-",
    "xoxp-",
    "sk-",
    "hvs.",
    "AKIA",
];
/// The shortest rest behind such a beginning.
const SHORTEST_REST: usize = 8;
/// The ends of the words in front of a secret.
const KEYS: [&str; 6] = ["token", "bearer", "password", "secret", "apikey", "api-key"];
/// The shortest word behind such a key that is taken for its value, if it has a digit.
const SHORTEST_VALUE: usize = 10;
/// The shortest run of letters and digits that no ordinary word has.
const SHORTEST_RUN: usize = 16;

/// Returns the words of a login program without what reads like a token. Addresses stay: the user may have to open one.
#[must_use]
pub(crate) fn hide(text: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>".contains(c);
    let hidden = secrets::hide_logins(text);
    let (mut shown, mut is_named) = (String::new(), false);
    for word in hidden.split_inclusive(is_gap) {
        if word.contains("://") {
            shown.push_str(word);
            is_named = false;
            continue;
        }
        for piece in word.split_inclusive([':', '=']) {
            let core = piece.trim_end_matches(|c| is_gap(c) || c == ':' || c == '=');
            if core.is_empty() {
                shown.push_str(piece);
                continue;
            }
            let is_token = reads_like_token(core, is_named);
            shown.push_str(if is_token { MASK } else { core });
            shown.push_str(&piece[core.len()..]);
            let key = core.to_ascii_lowercase();
            is_named = KEYS.iter().any(|end| key.ends_with(end));
        }
    }
    shown
}

/// Words that only the content of a secret file has.
const MARKS: [&str; 4] = ["token", "password", "key-data", "PRIVATE KEY"];

/// How the files of secrets begin in base64: `apiVersion`, `{"`, `-----BEGIN`.
const ENCODED: [&str; 3] = ["YXBpVmVyc2lvb", "eyJ", "LS0tLS1CRUdJTi"];
/// The shortest text that is taken for such a file.
const SHORTEST_ENCODED: usize = 100;

/// True for a text that is a secret itself, where the path of a file or a name belongs: a well-known token, or the
/// content of a file.
#[must_use]
pub(crate) fn is_content(text: &str) -> bool {
    let is_token = |prefix: &&str| {
        let rest = text.strip_prefix(*prefix);
        rest.is_some_and(|rest| {
            rest.len() >= SHORTEST_RUN && rest.bytes().any(|byte| byte.is_ascii_digit())
        })
    };
    let is_login = text.starts_with("eyJ") && text.matches('.').count() == 2;
    let has_lines = text.trim().contains('\n') || text.trim_start().starts_with('{');
    let is_file = has_lines && MARKS.iter().any(|mark| text.contains(mark));
    let is_encoded = text.len() > SHORTEST_ENCODED && ENCODED.iter().any(|it| text.starts_with(it));
    is_file || is_encoded || is_login || PREFIXES.iter().any(is_token)
}

/// True for a word that is the beginning of a well-known token, the value of a key, or too random for a name.
fn reads_like_token(word: &str, is_named: bool) -> bool {
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = |text: &str| text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_known = |prefix: &&str| {
        let rest = word.strip_prefix(*prefix);
        rest.is_some_and(|rest| rest.len() >= SHORTEST_REST)
    };
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric());
    let is_random = |run: &str| run.len() >= SHORTEST_RUN && has_digit(run) && has_letter(run);
    PREFIXES.iter().any(is_known)
        || is_named && word.len() >= SHORTEST_VALUE && has_digit(word)
        || !is_host(word) && runs.any(is_random)
}

/// True for the name of a host, whose first part is a random one in some clouds.
fn is_host(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_end_matches('.').split('.').collect();
    let is_part = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = parts.last().copied().unwrap_or_default();
    parts.len() > 2
        && parts.iter().all(is_part)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_a_token_is_hidden_and_ordinary_words_stay() {
        for (text, shown) in [
            (
                "login refused for ya29.canary_login-0123",
                "login refused for ********",
            ),
            ("cached: sha256~canary-login-token", "cached: ********"),
            (
                "{\"access_token\":\"canary-9-login\",\"expires\":3600}",
                "{\"access_token\":\"********\",\"expires\":3600}",
            ),
            ("token=canary-7-login: denied", "token=********: denied"),
            ("Bearer canary-5-login failed", "Bearer ******** failed"),
            ("bad Q7f3kZ9x1mW2aB4cD5eXq8, sorry", "bad ********, sorry"),
        ] {
            assert_eq!(hide(text), shown);
        }
        for text in [
            "To sign in, open https://login.example.org/device?id=Q7f3kZ9x1mW2aB4cD5eX and enter ABCD-EF2H",
            "token: unauthorized",
            "the token expired 2026-11-29T10:17:42Z",
            "lookup 0123456789ABCDEF0123.gr7.us-east-1.eks.example.com: no such host",
            "correlation id 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "exit status 254: /usr/local/bin/kubelogin-v0.1.2-linux-amd64 not found",
        ] {
            assert_eq!(hide(text), text);
        }
    }
}
