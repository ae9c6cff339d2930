//! Certificates with every kind of field and extension, private keys in every form, and changes to both.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::der::{self, Node, bytes, nodes, oid, sequence};
use crate::random::Random;

/// A private key in PKCS#8 and the public part that a certificate holds.
struct Key {
    private: Node,
    public: Node,
}

macro_rules! keys {
    ($($name:literal),*) => {
        [$(Key {
            private: from_pem(include_str!(concat!("keys/", $name, ".pem"))),
            public: from_pem(include_str!(concat!("keys/", $name, ".pub"))),
        }),*]
    };
}

static KEYS: LazyLock<[Key; 10]> = LazyLock::new(|| {
    keys!(
        "rsa",
        "p256",
        "ed25519",
        "rsa-three-primes",
        "p224",
        "p384",
        "p521",
        "k256",
        "x25519",
        "dsa"
    )
});

/// RSA keys whose parts fit together, or do not, in every way: names, then private and public part.
static RSA_KEYS: LazyLock<Vec<[Node; 2]>> = LazyLock::new(|| {
    let part = |text: &str| {
        der::parse(&STANDARD.decode(text).unwrap())
            .unwrap()
            .remove(0)
    };
    include_str!("keys/rsa-odd.txt")
        .lines()
        .map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            [part(words[1]), part(words[2])]
        })
        .collect()
});

/// For each curve its name, its order and, with the number 1 as the private key, the public one.
static CURVES: LazyLock<[(Node, Vec<u8>, Node); 4]> = LazyLock::new(|| {
    [
        (
            include_str!("keys/p224-one.pub"),
            "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
        ),
        (
            include_str!("keys/p256-one.pub"),
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        ),
        (
            include_str!("keys/p384-one.pub"),
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
        (
            include_str!("keys/p521-one.pub"),
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        ),
    ]
    .map(|(public, order)| {
        let mut public = from_pem(public);
        let name = public.children().unwrap()[0].children().unwrap()[1].clone();
        let digits = order.as_bytes().chunks(2);
        let order = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        (name, order.collect(), public)
    })
});

static DONORS: LazyLock<Vec<Node>> = LazyLock::new(|| {
    let mut donors = all_extensions();
    donors.extend([
        sequence(vec![]),
        nodes(0x31, vec![]),
        bytes(5, b""),
        bytes(1, &[0xFF]),
        bytes(1, &[0]),
        attribute(10, 12, b"system:masters"),
    ]);
    donors
});

fn from_pem(text: &str) -> Node {
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    der::parse(&STANDARD.decode(body).unwrap())
        .unwrap()
        .remove(0)
}

pub fn to_pem(kind: &str, der: &[u8]) -> Vec<u8> {
    let mut text = format!("-----BEGIN {kind}-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    text.push_str(&format!("-----END {kind}-----\n"));
    text.into_bytes()
}

fn attribute(kind: u8, tag: u8, text: &[u8]) -> Node {
    nodes(
        0x31,
        vec![sequence(vec![oid(&[0x55, 4, kind]), bytes(tag, text)])],
    )
}

fn extension(id: &[u8], critical: bool, value: Node) -> Node {
    let mut fields = vec![oid(id)];
    if critical {
        fields.push(bytes(1, &[0xFF]));
    }
    fields.push(nodes(4, vec![value]));
    sequence(fields)
}

fn all_extensions() -> Vec<Node> {
    let subtree = |tag, text: &[u8]| sequence(vec![bytes(tag, text)]);
    let uses = |list: &[&[u8]]| sequence(list.iter().map(|id| oid(id)).collect());
    let id = |n| [0x55, 0x1D, n];
    vec![
        extension(&id(14), false, bytes(4, b"0123456789")),
        extension(&id(15), true, bytes(3, &[5, 0xA0])),
        extension(
            &id(17),
            false,
            sequence(vec![
                nodes(
                    0xA0,
                    vec![oid(&[0x2A, 3]), nodes(0xA0, vec![bytes(12, b"x")])],
                ),
                bytes(0x81, b"a@b.c"),
                bytes(0x82, b"a.b"),
                nodes(0xA3, vec![]),
                nodes(0xA4, vec![sequence(vec![attribute(3, 12, b"x")])]),
                bytes(0x86, b"https://a.b/c"),
                bytes(0x87, &[10, 0, 0, 1]),
                bytes(0x87, b"0123456789abcdef"),
                bytes(0x88, &[0x2A, 3]),
            ]),
        ),
        extension(
            &id(19),
            true,
            sequence(vec![bytes(1, &[0xFF]), bytes(2, &[1])]),
        ),
        extension(
            &id(30),
            true,
            sequence(vec![
                nodes(
                    0xA0,
                    vec![
                        subtree(0x82, b".a.b"),
                        subtree(0x81, b"a@b"),
                        subtree(0x81, b".b"),
                        subtree(0x86, b".c"),
                        subtree(0x87, &[10, 0, 0, 0, 255, 0, 0, 0]),
                    ],
                ),
                nodes(
                    0xA1,
                    vec![
                        sequence(vec![bytes(0x82, b"x"), bytes(0x80, &[0])]),
                        subtree(0x88, &[0x2A, 3]),
                    ],
                ),
            ]),
        ),
        extension(
            &id(31),
            false,
            sequence(vec![sequence(vec![
                nodes(0xA0, vec![nodes(0xA0, vec![bytes(0x86, b"http://a/b")])]),
                bytes(0x81, &[1, 6]),
                nodes(0xA2, vec![]),
            ])]),
        ),
        extension(
            &id(32),
            false,
            sequence(vec![
                sequence(vec![oid(&[0x55, 0x1D, 32, 0])]),
                sequence(vec![oid(&[0x2A, 3]), sequence(vec![])]),
            ]),
        ),
        extension(
            &id(33),
            true,
            sequence(vec![sequence(vec![oid(&[0x2A, 3]), oid(&[0x2A, 4])])]),
        ),
        extension(
            &id(35),
            false,
            sequence(vec![
                bytes(0x80, b"0123456789"),
                nodes(0xA1, vec![]),
                bytes(0x82, &[1]),
            ]),
        ),
        extension(
            &id(36),
            true,
            sequence(vec![bytes(0x80, &[0]), bytes(0x81, &[1])]),
        ),
        extension(
            &id(37),
            false,
            uses(&[&[0x2B, 6, 1, 5, 5, 7, 3, 2], &[0x2A, 3]]),
        ),
        extension(&id(54), true, bytes(2, &[1])),
        extension(
            &[0x2B, 6, 1, 5, 5, 7, 1, 1],
            false,
            sequence(vec![
                sequence(vec![
                    oid(&[0x2B, 6, 1, 5, 5, 7, 48, 1]),
                    bytes(0x86, b"http://a"),
                ]),
                sequence(vec![oid(&[0x2B, 6, 1, 5, 5, 7, 48, 2]), bytes(0x82, b"a")]),
            ]),
        ),
        extension(&id(99), false, bytes(12, b"x")),
        extension(&[0x2A, 3, 4], true, bytes(12, b"x")),
    ]
}

fn certificate(public: &Node, random: &mut Random) -> Node {
    let mut extensions = all_extensions();
    if random.one_in(2) {
        extensions.retain(|_| random.one_in(3));
    }
    let version = [2, 2, 2, 2, 2, 2, 1, 0][random.below(8)];
    let algorithm = sequence(vec![
        oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]),
        bytes(5, b""),
    ]);
    let name = sequence(vec![
        attribute(6, 19, b"DE"),
        attribute(10, 12, b"a"),
        attribute(3, 22, b"a.b"),
    ]);
    let dates = sequence(vec![
        bytes(23, b"240101000000Z"),
        bytes(24, b"20500101000000Z"),
    ]);
    let mut body = vec![
        nodes(0xA0, vec![bytes(2, &[version])]),
        bytes(2, &[0x11; 9]),
        algorithm.clone(),
        name.clone(),
        dates,
        name,
        public.clone(),
    ];
    if random.one_in(6) {
        body.push(bytes(0x81, &[0, 1]));
        body.push(bytes(0x82, &[0, 1]));
    }
    if !extensions.is_empty() {
        body.push(nodes(0xA3, vec![sequence(extensions)]));
    }
    sequence(vec![sequence(body), algorithm, bytes(3, &[0; 17])])
}

fn some_key(random: &mut Random) -> &'static Key {
    let last = if random.one_in(2) { KEYS.len() } else { 3 };
    &KEYS[random.below(last)]
}

fn changed(mut root: Node, random: &mut Random) -> Vec<u8> {
    let times = [1, 1, 1, 1, 2, 2, 3, 6][random.below(8)];
    for _ in 0..times {
        der::change(&mut root, &DONORS, random);
    }
    let mut der = root.to_der();
    if random.one_in(40) {
        der.push(random.byte());
    }
    der
}

pub fn sound_certificate(random: &mut Random) -> Vec<u8> {
    certificate(&some_key(random).public, random).to_der()
}

/// The key that most kubeconfigs get, so that they often pass.
pub const SOUND_KEY: &str = include_str!("keys/p256.pem");

pub fn certificate_of_sound_key(random: &mut Random) -> Vec<u8> {
    certificate(&KEYS[1].public, random).to_der()
}

pub fn odd_certificate(random: &mut Random) -> Vec<u8> {
    let sound = certificate(&some_key(random).public, random);
    changed(sound, random)
}

/// A client certificate and a key, in DER, one of them or none changed.
pub fn odd_pair(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    match random.below(8) {
        0 => return odd_rsa_pair(random),
        1 => return odd_ec_pair(random),
        _ => {}
    }
    let key = some_key(random);
    let other = if random.one_in(12) {
        some_key(random)
    } else {
        key
    };
    let public = certificate(&key.public, random);
    let private = in_some_form(&other.private, random);
    match random.below(5) {
        0 => (changed(public, random), private.to_der()),
        1 => (odd_public(public, random), private.to_der()),
        _ => (public.to_der(), changed(private, random)),
    }
}

fn odd_rsa_pair(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let [private, public] = &RSA_KEYS[random.below(RSA_KEYS.len())];
    let identifier = sequence(vec![
        oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]),
        bytes(5, b""),
    ]);
    let bits = [&[0], &public.to_der()[..]].concat();
    let info = sequence(vec![identifier.clone(), bytes(3, &bits)]);
    let private = if random.one_in(2) {
        private.clone()
    } else {
        sequence(vec![
            bytes(2, &[0]),
            identifier,
            nodes(4, vec![private.clone()]),
        ])
    };
    let key = if random.one_in(4) {
        changed(private, random)
    } else {
        private.to_der()
    };
    (certificate(&info, random).to_der(), key)
}

/// The private key is 1 in many forms, or a number that is not a private key.
fn odd_ec_pair(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let (name, order, public) = &CURVES[random.below(CURVES.len())];
    let mut more = order.clone();
    *more.last_mut().unwrap() += 1;
    let mut less = order.clone();
    *less.last_mut().unwrap() -= 1;
    let zeros = vec![0; random.below(order.len() + 4)];
    let scalar = match random.below(10) {
        0 => zeros,
        1 => order.clone(),
        2 => more,
        3 => less,
        4 => vec![0xFF; order.len()],
        5 => vec![1; order.len() + 1],
        _ => [zeros, vec![1]].concat(),
    };
    let mut fields = vec![bytes(2, &[1]), bytes(4, &scalar)];
    if !random.one_in(4) {
        fields.push(nodes(0xA0, vec![name.clone()]));
    }
    if random.one_in(2) {
        fields.push(nodes(0xA1, vec![bytes(3, &[0, 4, 1, 2])]));
    }
    let mut key = sequence(fields);
    if random.one_in(2) {
        let other = &CURVES[random.below(CURVES.len())].0;
        let named = if random.one_in(6) { other } else { name };
        let identifier = sequence(vec![
            oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]),
            named.clone(),
        ]);
        key = sequence(vec![bytes(2, &[0]), identifier, nodes(4, vec![key])]);
    }
    let key = if random.one_in(4) {
        changed(key, random)
    } else {
        key.to_der()
    };
    (certificate(public, random).to_der(), key)
}

/// Changes the public key only.
fn odd_public(mut certificate: Node, random: &mut Random) -> Vec<u8> {
    let info = certificate
        .children()
        .and_then(|fields| fields[0].children())
        .map(|body| &mut body[6]);
    der::change(info.unwrap(), &DONORS, random);
    certificate.to_der()
}

/// PKCS#8 as it is, or the PKCS#1 or SEC 1 inside.
fn in_some_form(pkcs8: &Node, random: &mut Random) -> Node {
    let mut key = pkcs8.clone();
    let fields = key.children().unwrap();
    let name = fields[1].children().unwrap().get(1).cloned();
    let Some(inner) = fields[2].children().filter(|_| random.one_in(2)) else {
        return key;
    };
    let mut inner = inner.remove(0);
    if let (Some(name), Some(parts)) = (name, inner.children())
        && name.tag == 6
        && !random.one_in(8)
    {
        parts.insert(2, nodes(0xA0, vec![name]));
    }
    inner
}
