//! Kubeconfigs: fields with odd values, odd addresses, several files, damaged files and damaged PEM.

use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::certificates::{self, to_pem};
use crate::random::Random;

/// The recorded kubeconfigs, but for the large ones.
static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubeconfigs");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().unwrap() != "verdicts.jsonl")
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read(path).unwrap());
    texts.filter(|text| text.len() < 16 << 10).collect()
});

/// A kubeconfig with one context; the arguments are flow-style bodies without their braces.
pub fn one_context(cluster: &str, user: &str) -> Vec<u8> {
    format!(
        "current-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]\n"
    )
    .into_bytes()
}

pub fn with_ca(bundle: &[u8]) -> Vec<u8> {
    let cluster = format!(
        "server: 'https://h:6443', certificate-authority-data: {}",
        STANDARD.encode(bundle)
    );
    one_context(&cluster, "")
}

pub fn with_pair(certificate: &[u8], key: &[u8]) -> Vec<u8> {
    let user = format!(
        "client-certificate-data: {}, client-key-data: {}",
        STANDARD.encode(certificate),
        STANDARD.encode(key)
    );
    one_context("server: 'https://h:6443'", &user)
}

const PEM_WORDS: &[&str] = &[
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\n",
    "\n-----END PRIVATE KEY-----\n",
    "-----BEGIN TRUSTED CERTIFICATE-----\n",
    "-----BEGIN ",
    "-----END ",
    "\n-----END ",
    "-----",
    "----",
    "-",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\t",
    ":",
    "Proc-Type: 4,ENCRYPTED\n",
    "a: b\n\n",
    "A:",
    "-----END A:-----\n",
    "-----BEGIN A:-----\n",
    "=",
    "==",
    "AAAA",
    "A",
    "!",
    "\0",
    "\u{feff}",
    "ä",
];

/// A bundle of some blocks, the text of it changed.
pub fn odd_bundle(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..=random.below(2) {
        let der = if random.one_in(3) {
            certificates::odd_certificate(random)
        } else {
            certificates::sound_certificate(random)
        };
        let kind = random.pick(&[
            "CERTIFICATE",
            "CERTIFICATE",
            "CERTIFICATE",
            "X509 CRL",
            "TRUSTED CERTIFICATE",
            "PRIVATE KEY",
            "",
        ]);
        text.extend(to_pem(kind, &der));
    }
    if random.one_in(6) {
        text = text
            .split(|byte| *byte == b'\n')
            .collect::<Vec<_>>()
            .join(&b"\r\n"[..]);
    }
    for _ in 0..=random.below(3) {
        damage(&mut text, PEM_WORDS, random);
    }
    text
}

/// Bytes replaced, taken out, put in or doubled. Half of the time near a line's end, where the marks are.
fn damage(text: &mut Vec<u8>, words: &[&str], random: &mut Random) {
    let mut start = random.below(text.len() + 1);
    if random.one_in(2) {
        let line = text[..start].iter().rposition(|byte| *byte == b'\n');
        start = (line.unwrap_or_default() + random.below(3)).min(text.len());
    }
    let end = (start + random.below(8)).min(text.len());
    match random.below(6) {
        0 if start < text.len() => text[start] ^= 1 << random.below(8),
        1 => drop(text.drain(start..end)),
        2 => {
            let word = random.pick(words);
            text.splice(start..end, word.bytes());
        }
        3 => {
            let word = random.pick(words);
            text.splice(start..start, word.bytes());
        }
        4 => {
            let copy = text[start..(start + random.below(120)).min(text.len())].to_vec();
            let at = random.below(text.len() + 1);
            text.splice(at..at, copy);
        }
        _ if random.one_in(4) => text.truncate(start),
        _ => drop(text.drain(start..end)),
    }
}

/// Without a byte order mark: inside a text client-go skips the next character where the mark comes to lie at the start
/// of a buffer of its reader, so its verdict depends on what stands a thousand characters before.
const YAML_WORDS: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{85}",
    "- ",
    ": ",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "\\",
    "%",
    "&a ",
    "*a",
    "!!str ",
    "!!int ",
    "!!binary ",
    "!x ",
    "<<: ",
    "? ",
    "---\n",
    "...\n",
    "|\n",
    ">-\n",
    "|2\n",
    "# ",
    " #",
    "\t",
    "  ",
    "@",
    "`",
    "~",
    "null",
    "true",
    "yes",
    "no",
    "0x1F",
    "0o17",
    "1_000",
    ".5",
    ".inf",
    ".nan",
    "1e9",
    "2024-01-01",
    "\\u0041",
    "\\ud800",
    "\\x41",
    "\\/",
    "a: b\n",
    "token: ",
    "server: ",
    "name: ",
    "current-context: ",
    "apiVersion: v1\n",
    "kind: Config\n",
    "Kind: Pod\n",
    "extensions: ",
    "%YAML 1.1\n",
    "1:30",
    "=",
    "é",
];

/// One of the recorded files, changed.
pub fn damaged_file(random: &mut Random) -> Vec<u8> {
    let mut text = CORPUS[random.below(CORPUS.len())].clone();
    let times = 1 + usize::from(random.one_in(3));
    for _ in 0..times {
        if random.one_in(5) {
            damage(&mut text, YAML_WORDS, random);
        } else {
            change_line(&mut text, random);
        }
    }
    text
}

/// Another value, another indentation, another place: changes that often leave a kubeconfig behind.
fn change_line(text: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let at = random.below(lines.len());
    let other = random.below(lines.len());
    let line = &mut lines[at];
    let value = line
        .windows(2)
        .position(|pair| pair == b": ")
        .map(|found| found + 2);
    let margin = line.iter().take_while(|byte| **byte == b' ').count();
    match random.below(16) {
        0..=2 => {
            line.truncate(value.unwrap_or(line.len()));
            line.extend(random.pick(SCALARS).bytes());
        }
        3 => {
            let start = value.unwrap_or_default().min(line.len());
            let [open, close] = [
                ["'", "'"],
                ["\"", "\""],
                ["[", "]"],
                ["!!str ", ""],
                ["&a ", " # x"],
                ["- ", ""],
            ][random.below(6)];
            line.splice(start..start, open.bytes());
            line.extend(close.bytes());
        }
        4 => line.insert(0, b' '),
        5 if line.first() == Some(&b' ') => drop(line.remove(0)),
        6 => {
            let copy = line.clone();
            lines.insert(other, copy);
        }
        7 => lines.swap(at, other),
        8 => drop(lines.remove(at)),
        9 => line.extend(random.pick(YAML_WORDS).bytes()),
        10 => {
            let start = value.unwrap_or_default().min(line.len());
            line.splice(start..start, *b"'");
            line.push(b'\'');
        }
        _ => {
            let more = [
                "# x",
                "",
                "x: y",
                "x: [a, {b: 1}]",
                "x: |\n  y",
                "\tx",
                "- x",
                "x",
                "? x",
                "{}",
            ];
            let text = more[random.below(more.len())];
            lines.insert(at, [&b" ".repeat(margin), text.as_bytes()].concat());
        }
    }
    *text = lines.join(&b'\n');
}

const SCALARS: &[&str] = &[
    "x",
    "''",
    "\"\"",
    "null",
    "~",
    "true",
    "'true'",
    "yes",
    "'yes'",
    "no",
    "off",
    "0",
    "'0'",
    "01",
    "0x1",
    "0b1",
    "1_0",
    "1.0",
    "1e3",
    ".5",
    "-1",
    "+1",
    "'a b'",
    "\"a\\nb\"",
    "\"\\u00e4\"",
    "2024-01-01",
    "[]",
    "{}",
    "[a]",
    "{a: b}",
    "|-\n    x\n",
    "!!str 1",
    "!!binary eA==",
    "ä",
    "'{{x}}'",
    "<x>",
    "REDACTED",
    "DATA+OMITTED",
    "eA==",
    "eA=",
    "' x '",
    "a#b",
    "a:b",
    "*a",
    "&a x",
];

const FILES: &[&str] = &[
    "certs/ca.crt",
    "certs/rsa.crt",
    "certs/rsa.crt",
    "certs/rsa.crt",
    "certs/rsa.key",
    "certs/rsa.key",
    "certs/rsa.key",
    "certs/rsa2.key",
    "certs/expired.crt",
    "certs/expired.key",
    "certs/empty.pem",
    "certs/garbage.pem",
    "certs/token.txt",
    "certs/blank-token.txt",
    "certs/empty-token.txt",
    "certs/rsa.enc.pkcs1.key",
    "certs",
    "certs/none",
    "./certs/../certs/ca.crt",
    "~/ca.crt",
    "''",
    "certs/ca.crt/x",
];

const NAMES: &[&str] = &[
    "a",
    "b",
    "c",
    "dev",
    "''",
    "null",
    "'a b'",
    "1",
    "'1'",
    "~",
    "\"\\u00e4\"",
];

const SERVERS: &[&str] = &[
    "https://h",
    "https://h:6443",
    "http://h",
    "h:6443",
    "''",
    "null",
    "https://10.0.0.1/x",
];

/// A field by its name, with a value that mostly suits it.
fn field(name: &str, random: &mut Random) -> String {
    if random.one_in(40) {
        return format!("{name}: {}", random.pick(SCALARS));
    }
    let value = match name {
        "server" => random.pick(SERVERS).to_owned(),
        "proxy-url" => random.pick(&["''", "http://p", "https://p:1", "socks5://p", "http://p:3128", "http://u:p@p", "socks5h://p", "p:1", "HTTP://p", "http://", "null"]).to_owned(),
        "insecure-skip-tls-verify" | "disable-compression" | "provideClusterInfo" => {
            random.pick(&["true", "false", "null", "True", "yes"]).to_owned()
        }
        "certificate-authority" | "client-certificate" | "client-key" | "tokenFile" => random.pick(FILES).to_owned(),
        "certificate-authority-data" | "client-certificate-data" => {
            let der = match random.below(6) {
                0 => certificates::odd_certificate(random),
                1 | 2 => certificates::sound_certificate(random),
                _ => certificates::certificate_of_sound_key(random),
            };
            STANDARD.encode(to_pem("CERTIFICATE", &der))
        }
        "client-key-data" if !random.one_in(3) => STANDARD.encode(certificates::SOUND_KEY),
        "client-key-data" => STANDARD.encode(to_pem("PRIVATE KEY", &certificates::odd_pair(random).1)),
        "as-groups" | "args" => random.pick(&["[g]", "[]", "null", "[a, b]", "[null]", "g", "[1]"]).to_owned(),
        "as-user-extra" => random.pick(&["{k: [v]}", "{}", "null", "{k: null}", "{k: v}"]).to_owned(),
        "auth-provider" => random
            .pick(&[
                "{name: oidc, config: {idp-issuer-url: i, client-id: c}}",
                "{name: oidc, config: {client-id: c}}",
                "{name: oidc, config: {idp-issuer-url: i, client-id: c, idp-certificate-authority-data: eA==}}",
                "{name: oidc, config: {idp-issuer-url: i, client-id: c, idp-certificate-authority: certs/ca.crt}}",
                "{name: gcp}",
                "{}",
                "null",
            ])
            // client-go keeps what it built for an issuer.
            .replace("issuer-url: i", &format!("issuer-url: https://i{}", random.next())),
        "exec" => exec(random),
        "extensions" => random
            .pick(&[
                "[{name: e, extension: {a: 1, b: [x, null, 1.5]}}]",
                "[{name: b, extension: x}, {name: a, extension: null}]",
                "[{name: client.authentication.k8s.io/exec, extension: {k: v}}]",
                "[{name: e}]",
                "[]",
                "null",
                "[{name: e, extension: {kind: Pod, apiVersion: v1}}]",
            ])
            .to_owned(),
        _ => random.pick(&["x", "'y z'", "''", "null", "\"\\t\"", "k8s"]).to_owned(),
    };
    format!("{name}: {value}")
}

fn exec(random: &mut Random) -> String {
    let api = random.pick(&[
        "client.authentication.k8s.io/v1",
        "client.authentication.k8s.io/v1beta1",
        "client.authentication.k8s.io/v1alpha1",
        "''",
        "x",
    ]);
    let mode = random.pick(&["Never", "IfAvailable", "Always", "''", "never", "null"]);
    let mut fields = vec![format!("apiVersion: {api}")];
    if !random.one_in(4) {
        fields.push(format!("interactiveMode: {mode}"));
    }
    if !random.one_in(8) {
        fields.push(format!(
            "command: {}",
            random.pick(&["aws", "./bin/x", "''", "/bin/x", "bin/x"])
        ));
    }
    for name in ["args", "provideClusterInfo", "installHint"] {
        if random.one_in(3) {
            fields.push(field(name, random));
        }
    }
    if random.one_in(3) {
        fields.push(format!(
            "env: {}",
            random.pick(&[
                "[{name: a, value: b}]",
                "[{name: a}]",
                "[{value: b}]",
                "[]",
                "null",
                "[{name: '', value: b}]"
            ])
        ));
    }
    format!("{{{}}}", fields.join(", "))
}

/// The fields of an entry, each with its chance in 100.
fn body(chances: &[(&str, usize)], random: &mut Random) -> String {
    let mut fields = Vec::new();
    for (name, chance) in chances {
        if random.below(100) < *chance {
            fields.push(field(name, random));
        }
    }
    if fields.len() > 1 && random.one_in(3) {
        let other = random.below(fields.len());
        fields.swap(0, other);
    }
    format!("{{{}}}", fields.join(", "))
}

const CLUSTER: &[(&str, usize)] = &[
    ("server", 92),
    ("certificate-authority", 8),
    ("certificate-authority-data", 25),
    ("insecure-skip-tls-verify", 8),
    ("tls-server-name", 10),
    ("proxy-url", 15),
    ("disable-compression", 8),
    ("extensions", 8),
    ("Server", 2),
];

const USER: &[(&str, usize)] = &[
    ("token", 30),
    ("tokenFile", 12),
    ("client-certificate", 6),
    ("client-certificate-data", 12),
    ("client-key", 8),
    ("client-key-data", 14),
    ("username", 6),
    ("password", 6),
    ("as", 9),
    ("as-uid", 2),
    ("as-groups", 3),
    ("as-user-extra", 3),
    ("auth-provider", 4),
    ("exec", 8),
    ("extensions", 5),
];

fn entry(key: &str, name: &str, body: &str, random: &mut Random) -> String {
    match random.below(100) {
        0 => format!("  - {{name: {name}}}\n"),
        1 => format!("  - {{{key}: {body}}}\n"),
        2 => format!("  - {{name: {name}, {key}: null}}\n"),
        3 => "  - null\n".to_owned(),
        _ => format!("  - {{name: {name}, {key}: {body}}}\n"),
    }
}

/// A kubeconfig made of its fields.
pub fn odd_fields(random: &mut Random) -> Vec<u8> {
    let usual = !random.one_in(4);
    let name = |at: usize, random: &mut Random| {
        if usual && at < 3 {
            ["a", "b", "c"][at]
        } else {
            random.pick(NAMES)
        }
        .to_owned()
    };
    let mut parts = Vec::new();
    let mut clusters = String::from("clusters:\n");
    let mut users = String::from("users:\n");
    let mut contexts = String::from("contexts:\n");
    for at in 0..=random.below(3) {
        let (cluster, user) = (body(CLUSTER, random), body(USER, random));
        let (of_cluster, of_user, of_context) =
            (name(at, random), name(at, random), name(at, random));
        clusters += &entry("cluster", &of_cluster, &cluster, random);
        users += &entry("user", &of_user, &user, random);
        let mut links = vec![format!("cluster: {of_cluster}"), format!("user: {of_user}")];
        if random.one_in(8) {
            links.remove(random.below(2));
        }
        if random.one_in(8) {
            links.push(format!("user: {}", random.pick(NAMES)));
        }
        for extra in ["namespace", "extensions"] {
            if random.one_in(5) {
                links.push(field(extra, random));
            }
        }
        contexts += &entry(
            "context",
            &of_context,
            &format!("{{{}}}", links.join(", ")),
            random,
        );
    }
    parts.extend([clusters, users, contexts]);
    if !random.one_in(10) {
        let current = if random.one_in(8) {
            random.pick(NAMES)
        } else {
            "a"
        };
        parts.push(format!("current-context: {current}\n"));
    }
    if random.one_in(3) {
        parts.push(format!(
            "kind: {}\n",
            random.pick(&[
                "Config", "Config", "Config", "Config", "''", "null", "Pod", "config"
            ])
        ));
        parts.push(format!(
            "apiVersion: {}\n",
            random.pick(&["v1", "v1", "v1", "v1", "''", "/v1", "v2", "null"])
        ));
    }
    if random.one_in(6) {
        parts.push(format!(
            "preferences: {}\n",
            random.pick(&[
                "{}",
                "{colors: true}",
                "null",
                "{colors: x}",
                "{extensions: [{name: p, extension: {}}]}"
            ])
        ));
    }
    if random.one_in(6) {
        parts.push(field("extensions", random) + "\n");
    }
    if random.one_in(12) {
        parts.remove(random.below(parts.len()));
    }
    let first = random.below(parts.len());
    parts.swap(0, first);
    parts.concat().into_bytes()
}

const ADDRESS_PIECES: [&[&str]; 6] = [
    &[
        "https://",
        "https://",
        "https://",
        "http://",
        "HTTPS://",
        "ftp://",
        "https:",
        "https:/",
        "//",
        "",
        "://",
        "1://",
        "h+t://",
        " https://",
    ],
    &[
        "", "", "", "", "u@", "u:p@", "u:p:q@", "u%40@", "u%zz@", "ü@", "u@v@", "\\@", "[@",
    ],
    &[
        "h",
        "h",
        "a.b",
        "A.B.",
        "",
        "10.0.0.1",
        "[::1]",
        "[::1",
        "::1]",
        "[]",
        "[1.2.3.4]",
        "[::ffff:1.2.3.4]",
        "[fe80::1%25eth0]",
        "[fe80::1%25]",
        "[fe80::1%eth0]",
        "[fe80::1%25%20a]",
        "[fe80::1%25%7f]",
        "::1",
        "a::b",
        "a:b",
        "ä",
        "a b",
        "a_b",
        "%41",
        "%c3%a4",
        "%25",
        "%zz",
        "a%",
        "a\\tb",
        "a<b>",
        "a\\\"",
        "a|b",
        "a^b",
        "[g::1]",
        "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]",
        "[::1]x",
        "x[::1]",
        "${HOST}",
        "*",
        "a,b:1,c",
        "[::1.2.3.4]",
        "[::01.2.3.4]",
        "[12345::]",
        "[::1%25a%25b]",
        "[fe80::1%2561]",
    ],
    &[
        "", "", ":6443", ":443", ":", ":0", ":99999", ":+1", ":-1", ":x", ":6443:", ":1:2", ":%31",
        ":６", "::6443",
    ],
    &[
        "", "", "", "/", "/x", "/x/", "/%zz", "/%41", "/a b", "/a:b", "//", "/ä", "/[", "\\x",
        "/;a=b", "/%2f", "/x@y", "/<",
    ],
    &[
        "", "", "", "?", "?q=1", "?%zz", "?a b", "#", "#f", "#%zz", "#%41", "?#", "?x#y", "?\\x7f",
        "#a#b",
    ],
];

pub fn odd_address(random: &mut Random) -> Vec<u8> {
    let usual = random.below(6);
    let mut address = String::new();
    for pieces in ADDRESS_PIECES {
        let odd = random.below(6) >= usual;
        address += if odd { random.pick(pieces) } else { pieces[0] };
    }
    if random.one_in(6) {
        let mut bytes = address.into_bytes();
        let at = random.below(bytes.len() + 1);
        bytes.insert(at, b":/[]@%#? aZ9.-_~"[random.below(16)]);
        address = String::from_utf8_lossy(&bytes).into_owned();
    }
    let cluster = if random.one_in(4) {
        format!("server: 'https://h', proxy-url: \"{address}\"")
    } else {
        format!(
            "server: \"{address}\", certificate-authority: {}",
            random.pick(&["''", "certs/ca.crt", "certs/none"])
        )
    };
    one_context(&cluster, "")
}

/// Two or three files of a list.
pub fn several_files(random: &mut Random) -> Vec<Vec<u8>> {
    let one = |random: &mut Random| match random.below(6) {
        0 => damaged_file(random),
        1 | 2 => CORPUS[random.below(CORPUS.len())].clone(),
        _ => odd_fields(random),
    };
    (0..2 + random.below(2)).map(|_| one(random)).collect()
}
