//! DER as a tree, and changes to it: each part in each odd form.

use crate::random::Random;

#[derive(Clone)]
pub struct Node {
    pub tag: u8,
    pub body: Body,
    length: Length,
}

#[derive(Clone)]
pub enum Body {
    Bytes(Vec<u8>),
    /// Elements behind some bytes: none, or the first one of a bit string.
    Nodes(Vec<u8>, Vec<Node>),
}

#[derive(Clone, Copy)]
enum Length {
    Right,
    /// With this many zeros in front.
    Padded(usize),
    OneLess,
    OneMore,
    Indefinite,
    Huge,
}

pub fn bytes(tag: u8, content: &[u8]) -> Node {
    Node {
        tag,
        body: Body::Bytes(content.to_vec()),
        length: Length::Right,
    }
}

pub fn nodes(tag: u8, children: Vec<Node>) -> Node {
    Node {
        tag,
        body: Body::Nodes(Vec::new(), children),
        length: Length::Right,
    }
}

pub fn sequence(children: Vec<Node>) -> Node {
    nodes(0x30, children)
}

pub fn oid(content: &[u8]) -> Node {
    bytes(6, content)
}

/// The elements of a text in DER, or `None` if it is something else.
pub fn parse(mut input: &[u8]) -> Option<Vec<Node>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = input {
        let (length, rest) = match first {
            0..=0x7F => (usize::from(*first), rest),
            0x81 => (usize::from(*rest.first()?), &rest[1..]),
            0x82 => {
                let ([high, low], rest) = rest.split_first_chunk::<2>()?;
                (usize::from(*high) << 8 | usize::from(*low), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        found.push(node(*tag, content));
        input = rest;
    }
    input.is_empty().then_some(found)
}

fn node(tag: u8, content: &[u8]) -> Node {
    let prefix = usize::from(tag == 3);
    let holds_others = match tag {
        3 => content.len() > 4 && content[..2] == [0, 0x30],
        4 => content.len() > 2 && matches!(content[0], 2..=4 | 0x30),
        _ => tag & 0x20 != 0,
    };
    let children = if holds_others {
        parse(&content[prefix..])
    } else {
        None
    };
    match children {
        Some(children) => Node {
            tag,
            body: Body::Nodes(content[..prefix].to_vec(), children),
            length: Length::Right,
        },
        None => bytes(tag, content),
    }
}

impl Node {
    pub fn to_der(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let content = self.content();
        out.push(self.tag);
        let length = match self.length {
            Length::OneLess => content.len().saturating_sub(1),
            Length::OneMore => content.len() + 1,
            _ => content.len(),
        };
        let digits: Vec<u8> = length
            .to_be_bytes()
            .into_iter()
            .skip_while(|byte| *byte == 0)
            .collect();
        match self.length {
            Length::Indefinite => out.push(0x80),
            Length::Huge => out.extend([0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
            Length::Padded(zeros) => {
                out.push(0x80 | u8::try_from(digits.len() + zeros).unwrap());
                out.extend(std::iter::repeat_n(0, zeros));
                out.extend(digits);
            }
            _ if length < 0x80 => out.push(digits.first().copied().unwrap_or_default()),
            _ => {
                out.push(0x80 | u8::try_from(digits.len()).unwrap());
                out.extend(digits);
            }
        }
        out.extend(content);
    }

    pub fn content(&self) -> Vec<u8> {
        match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Nodes(prefix, children) => {
                let mut out = prefix.clone();
                for child in children {
                    child.write(&mut out);
                }
                out
            }
        }
    }

    pub fn children(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.body {
            Body::Nodes(_, children) => Some(children),
            Body::Bytes(_) => None,
        }
    }

    fn count(&self) -> usize {
        match &self.body {
            Body::Nodes(_, children) => 1 + children.iter().map(Node::count).sum::<usize>(),
            Body::Bytes(_) => 1,
        }
    }

    fn nth(&mut self, mut n: usize) -> &mut Node {
        if n == 0 {
            return self;
        }
        n -= 1;
        if let Body::Nodes(_, children) = &mut self.body {
            for child in children {
                let size = child.count();
                if n < size {
                    return child.nth(n);
                }
                n -= size;
            }
        }
        unreachable!("n is below the count")
    }

    fn any(&mut self, random: &mut Random) -> &mut Node {
        let n = random.below(self.count());
        self.nth(n)
    }
}

/// One change. `donors` are elements to put somewhere else.
pub fn change(root: &mut Node, donors: &[Node], random: &mut Random) {
    match random.below(14) {
        0 => root.any(random).tag = odd_tag(random),
        1..=4 => {
            let node = root.any(random);
            let tag = if random.one_in(5) {
                random.byte()
            } else {
                node.tag
            };
            node.body = Body::Bytes(odd_content(tag, random));
        }
        5 => flip(root.any(random), random),
        6 => root.any(random).length = odd_length(random),
        7 => mark_critical(root, random),
        8 => {
            let copy = donor(root, donors, random);
            *root.any(random) = copy;
        }
        way => change_list(root, donors, random, way),
    }
}

fn change_list(root: &mut Node, donors: &[Node], random: &mut Random, way: usize) {
    let new = donor(root, donors, random);
    let Some(list) = root.any(random).children() else {
        return;
    };
    let at = random.below(list.len() + 1);
    match way {
        9 if at < list.len() => drop(list.remove(at)),
        10 if at < list.len() => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        11 if at < list.len() => {
            let copy = list[at].clone();
            list.insert(at, copy);
        }
        _ => list.insert(at, new),
    }
}

fn donor(root: &mut Node, donors: &[Node], random: &mut Random) -> Node {
    match random.below(3) {
        0 => root.any(random).clone(),
        1 => {
            let tag = odd_tag(random);
            bytes(tag, &odd_content(tag, random))
        }
        _ => donors[random.below(donors.len())].clone(),
    }
}

/// Puts a boolean behind an object identifier, where extensions have theirs, or takes it away.
fn mark_critical(root: &mut Node, random: &mut Random) {
    for _ in 0..50 {
        let Some(list) = root.any(random).children() else {
            continue;
        };
        match list.as_mut_slice() {
            [first, second, ..] if first.tag == 6 && second.tag == 1 => drop(list.remove(1)),
            [first, second, ..] if first.tag == 6 && second.tag == 4 => {
                let value = random.pick(&[&[0xFF][..], &[0xFF], &[0xFF], &[0], &[1], &[]]);
                list.insert(1, bytes(1, value));
            }
            _ => continue,
        }
        return;
    }
}

fn flip(node: &mut Node, random: &mut Random) {
    let mut content = node.content();
    let at = random.below(content.len() + 1);
    match random.below(4) {
        0 if at < content.len() => content[at] ^= 1 << random.below(8),
        1 => content.truncate(at),
        2 => content.insert(at, random.byte()),
        _ if at < content.len() => content[at] = random.byte(),
        _ => content.push(0),
    }
    node.body = Body::Bytes(content);
}

fn odd_length(random: &mut Random) -> Length {
    match random.below(6) {
        0 => Length::Padded(0),
        1 => Length::Padded(1 + random.below(4)),
        2 => Length::OneLess,
        3 => Length::OneMore,
        4 => Length::Indefinite,
        _ => Length::Huge,
    }
}

fn odd_tag(random: &mut Random) -> u8 {
    let known = [
        1, 2, 3, 4, 5, 6, 10, 12, 13, 18, 19, 20, 21, 22, 23, 24, 26, 27, 28, 30, 0x1F, 0x22, 0x24,
        0x30, 0x31, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x9F, 0xA0, 0xA1, 0xA2,
        0xA3, 0xA4, 0xBF, 0xC0, 0x60,
    ];
    if random.one_in(8) {
        random.byte()
    } else {
        known[random.below(known.len())]
    }
}

const INTEGERS: &[&[u8]] = &[
    &[],
    &[0],
    &[1],
    &[2],
    &[3],
    &[0, 0],
    &[0, 1],
    &[0, 0x80],
    &[0x7F],
    &[0x80],
    &[0xFF],
    &[0xFF, 0xFF],
    &[0xFF, 0x7F],
    &[1, 0, 1],
    &[0x7F, 0xFF, 0xFF, 0xFF],
    &[0, 0x80, 0, 0, 0],
    &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE],
    &[0x80, 0, 0, 0, 0, 0, 0, 0],
    &[0, 0x80, 0, 0, 0, 0, 0, 0, 0],
    &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    &[1, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0x11; 20],
    &[0x11; 21],
    &[0xEE; 20],
    &[0x11; 200],
];

const BOOLEANS: &[&[u8]] = &[&[], &[0], &[1], &[0xFF], &[0xFF, 0xFF], &[0x80]];

const BIT_STRINGS: &[&[u8]] = &[
    &[],
    &[0],
    &[1],
    &[7],
    &[8],
    &[0, 0],
    &[0, 0x80],
    &[7, 0x80],
    &[7, 0x81],
    &[8, 0],
    &[5, 0xA0],
    &[3, 0xFF],
    &[0, 4, 4, 4, 4],
    &[0xFF, 0],
    &[4, 0xAB, 0xC0],
];

const IDENTIFIERS: &[&[u8]] = &[
    &[],
    &[0],
    &[0x2A],
    &[0x7F],
    &[0x80],
    &[0x80, 1],
    &[0x81],
    &[0x81, 0],
    &[0x2A, 0x80, 1],
    &[0x2A, 0x87, 0xFF, 0xFF, 0xFF, 0x7F],
    &[0x2A, 0x88, 0x80, 0x80, 0x80, 0],
    &[0x2A, 0x81, 0x80, 0x80, 0x80, 0x80, 0],
    &[0x87, 0xFF, 0xFF, 0xFF, 0x7F],
    &[0x88, 0x80, 0x80, 0x80, 0],
    &[0x55, 4, 3],
    &[0x55, 4, 10],
    &[0x55, 0x1D, 14],
    &[0x55, 0x1D, 15],
    &[0x55, 0x1D, 17],
    &[0x55, 0x1D, 18],
    &[0x55, 0x1D, 19],
    &[0x55, 0x1D, 30],
    &[0x55, 0x1D, 31],
    &[0x55, 0x1D, 32],
    &[0x55, 0x1D, 32, 0],
    &[0x55, 0x1D, 33],
    &[0x55, 0x1D, 35],
    &[0x55, 0x1D, 36],
    &[0x55, 0x1D, 37],
    &[0x55, 0x1D, 37, 0],
    &[0x55, 0x1D, 54],
    &[0x55, 0x1D, 0x81, 0],
    &[0x2B, 6, 1, 5, 5, 7, 1, 1],
    &[0x2B, 6, 1, 5, 5, 7, 3, 2],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1],
    &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1],
    &[0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1],
    &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7],
    &[0x2B, 0x81, 4, 0, 33],
    &[0x2B, 0x81, 4, 0, 34],
    &[0x2B, 0x81, 4, 0, 35],
    &[0x2B, 0x65, 0x6E],
    &[0x2B, 0x65, 0x70],
    &[0x2B, 0x65, 0x71],
    &[0x11; 39],
    &[0x11; 40],
    &[0x11; 300],
];

const DATES: &[&[u8]] = &[
    b"240229123456Z",
    b"230229123456Z",
    b"000229000000Z",
    b"490101000000Z",
    b"500101000000Z",
    b"680101000000Z",
    b"690101000000Z",
    b"991231235959Z",
    b"2402291234Z",
    b"2402291234+0100",
    b"240229123456+0130",
    b"240229123456-2400",
    b"240229123456+2430",
    b"240229123456+2500",
    b"240229123456+0060",
    b"240229123456+0000",
    b"240229123456-0000",
    b"240229123456+01",
    b"240229123456+01:00",
    b"240229123456.5Z",
    b"240229123456,5Z",
    b"240229123456",
    b"240229123456ZZ",
    b"240229123456z",
    b"240229246060Z",
    b"240229240000Z",
    b"240229126000Z",
    b"240229125960Z",
    b"240200000000Z",
    b"240001000000Z",
    b"241301000000Z",
    b"24022912345Z",
    b"2402291 3456Z",
    b"-10101000000Z",
    b"+10101000000Z",
    b"20240229123456Z",
    b"20230229123456Z",
    b"19000229000000Z",
    b"20000229000000Z",
    b"00000101000000Z",
    b"00000229000000Z",
    b"00010101000000Z",
    b"00010101000000+2400",
    b"18991231235959Z",
    b"19491231235959Z",
    b"19691231235959Z",
    b"99991231235959Z",
    b"99991231235959-2400",
    b"20240229123456+0100",
    b"20240229123456.0Z",
    b"20240229123456.123Z",
    b"202402291234Z",
    b"2024022912Z",
    b"20240229123456",
    b"20240229123456+0000",
    b"020240229123456Z",
    b"\x002402291234567",
    b"",
];

/// Texts in names, alternative names and constraints.
const TEXTS: &[&[u8]] = &[
    b"",
    b" ",
    b"a",
    b"a@b",
    b"a_b",
    b"a*b&c",
    b"'()+,-./:=?",
    b"\"",
    b";",
    b"<a>",
    b"!",
    b"\0",
    b"\0a",
    b"\0a\0",
    b"\0a\0\0",
    b"\0\0\0\0",
    b"\xD8\0\xDC\0",
    b"\xFF\xFE",
    b"\xFF\xFF",
    b"\xFD\xD0",
    b"\xFD\xEF",
    b"\x7F",
    b"\x80",
    b"\xE4",
    b"\xC3\xA4",
    b"\xC3",
    b"\xED\xA0\x80",
    b"\xF4\x90\x80\x80",
    b"\xC0\x80",
    b"12 3",
    b"12a",
    b"system:masters",
    b"a.b",
    b".a.b",
    b"..a",
    b"a..b",
    b"a.",
    b".",
    b"*.a",
    b"a b",
    b"a\x1Fb",
    b"a.b@c.d",
    b".a@b",
    b"a.@b",
    b"a..b@c",
    b"a@",
    b"@a",
    b"@",
    b"a@b@c",
    b"a@.b",
    b"a@b.",
    b"a@b..c",
    b"\"a b\"@c",
    b"\"a\\\"b\"@c",
    b"\"a\\\nb\"@c",
    b"\"a",
    b"\"a\"",
    b"\"\"@a",
    b"a\\@b@c",
    b"\\",
    b"a\\",
    b"a(b)@c",
    b"http://a",
    b"http://a/",
    b"http://a:b/",
    b"http://a:80/",
    b"http://a:1:2/",
    b"ftp://a:1:2/",
    b"http://a./",
    b"http://.a/",
    b"http://a..b/",
    b"http://a b/",
    b"http://%41/",
    b"http://%c3%a4/",
    b"http://%25/",
    b"http://[::1]/",
    b"http://[::1%25a]/",
    b"http://[::1%25%20]/",
    b"http://[::1%25%7a]/",
    b"http://[::1/",
    b"http://[1.2.3.4]/",
    b"http://[::ffff:1.2.3.4]:1/",
    b"http://u:p@a/",
    b"http://u@p@a/",
    b"http://a/%zz",
    b"http://a/?%zz",
    b"http://a/#%zz",
    b"http://a/\x7F",
    b"http://a/ b",
    b"http:a",
    b"http:///a",
    b"http://",
    b"://a",
    b":",
    b"1:a",
    b"a:b",
    b"a/b:c",
    b"//a/b",
    b"///a",
    b"spiffe://cluster.local/ns/a",
    b"urn:uuid:1",
    b"1.2.3.4",
    b"1.2.3.04",
    b"1.2.3",
    b"::1",
    b"::ffff:1.2.3.4",
    b"1:2:3:4:5:6:7:8",
    b"fe80::1%eth0",
    b"ldap://a/cn=b?c",
    b"\x01\x02\x03",
    b"\x01\x02\x03\x04",
    b"\x01\x02\x03\x04\x05",
    b"\x01\x02\x03\x04\xFF\xFF\x00\x00",
    b"\x01\x02\x03\x04\xFF\xFF\x80\x00",
    b"\x01\x02\x03\x04\xFF\x7F\x00\x00",
    b"\x01\x02\x03\x04\xFF\xFF\x00\x01",
    b"\x01\x02\x03\x04\x00\x00\x00\x00",
    b"\x01\x02\x03\x04\xFE\xFF\xFF\xFF",
    b"0123456789abcdef",
    b"0123456789abcdef\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\0\0\0\0",
    b"0123456789abcdef\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\0\0\0\x01",
];

fn odd_content(tag: u8, random: &mut Random) -> Vec<u8> {
    let forms = match tag {
        1 => BOOLEANS,
        2 | 10 => INTEGERS,
        3 => BIT_STRINGS,
        4 => [INTEGERS, BIT_STRINGS, BOOLEANS][random.below(3)],
        6 => IDENTIFIERS,
        23 | 24 => DATES,
        0x80..=0x9F if random.one_in(4) => INTEGERS,
        5..0x20 | 0x80..=0x9F => TEXTS,
        _ => [BOOLEANS, INTEGERS, BIT_STRINGS, IDENTIFIERS, DATES, TEXTS][random.below(6)],
    };
    random.pick(forms).to_vec()
}
