//! Checks the extensions of a certificate. One that is not in the table may hold anything, even if it is marked
//! critical: that matters only when a chain is verified.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::damage::Damage;
use super::der::{
    BOOLEAN, Der, INTEGER, Integer, OBJECT_IDENTIFIER, OCTET_STRING, Oid, SEQUENCE, context,
    context_constructed, is_base_128,
};
use super::name::{is_domain, is_domain_constraint, is_mailbox};
use crate::kubeconfig::url::Url;

const CLIENT_AUTH: Oid<'_> = Oid(&[0x2B, 6, 1, 5, 5, 7, 3, 2]);
const ANY_USE: Oid<'_> = Oid(&[0x55, 0x1D, 0x25, 0]);
const DIGITAL_SIGNATURE: usize = 0;

/// The facts that the extensions state.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) is_ca: bool,
    /// The key usage excludes digital signatures.
    signs_nothing: bool,
    /// The extended key usage excludes client authentication.
    not_for_clients: bool,
}

impl Facts {
    pub(super) fn is_for_clients(&self) -> bool {
        !self.signs_nothing && !self.not_for_clients
    }
}

/// How an extension is checked.
#[derive(Clone, Copy)]
struct Rule {
    id: Oid<'static>,
    may_be_critical: bool,
    /// Returns `None` if the extension is malformed.
    check: fn(Der<'_>, &mut Facts) -> Option<()>,
    fault: Damage,
}

const fn rule(
    id: &'static [u8],
    check: fn(Der<'_>, &mut Facts) -> Option<()>,
    fault: &'static str,
) -> Rule {
    Rule {
        id: Oid(id),
        may_be_critical: true,
        check,
        fault: Damage(fault),
    }
}

const fn never_critical(rule: Rule) -> Rule {
    Rule {
        may_be_critical: false,
        ..rule
    }
}

const RULES: [Rule; 13] = [
    never_critical(rule(
        &[0x55, 0x1D, 14],
        subject_key_identifier,
        "its subject key identifier is malformed or marked critical",
    )),
    rule(&[0x55, 0x1D, 15], key_usage, "its key usage is malformed"),
    rule(
        &[0x55, 0x1D, 17],
        subject_alternative_names,
        "its alternative names are malformed",
    ),
    rule(
        &[0x55, 0x1D, 19],
        basic_constraints,
        "its basic constraints are malformed",
    ),
    rule(
        &[0x55, 0x1D, 30],
        name_constraints,
        "its name constraints are empty or malformed",
    ),
    rule(
        &[0x55, 0x1D, 31],
        revocation_lists,
        "its revocation list addresses are malformed",
    ),
    rule(&[0x55, 0x1D, 32], policies, "its policies are malformed"),
    rule(
        &[0x55, 0x1D, 33],
        policy_mappings,
        "its policy mappings are malformed",
    ),
    never_critical(rule(
        &[0x55, 0x1D, 35],
        authority_key_identifier,
        "its authority key identifier is malformed or marked critical",
    )),
    rule(
        &[0x55, 0x1D, 36],
        policy_constraints,
        "its policy constraints are malformed",
    ),
    rule(
        &[0x55, 0x1D, 37],
        extended_key_usage,
        "its extended key usage is malformed",
    ),
    rule(
        &[0x55, 0x1D, 54],
        inhibit_any_policy,
        "its policy limit is malformed",
    ),
    never_critical(rule(
        &[0x2B, 6, 1, 5, 5, 7, 1, 1],
        authority_information,
        "its authority information is malformed or marked critical",
    )),
];

/// Checks one extension, and notes its facts.
pub(super) fn check(
    id: Oid<'_>,
    critical: bool,
    value: Der<'_>,
    facts: &mut Facts,
) -> Result<(), Damage> {
    let Some(rule) = RULES.iter().find(|rule| rule.id == id) else {
        return Ok(());
    };
    if critical && !rule.may_be_critical {
        return Err(rule.fault);
    }
    (rule.check)(value, facts).ok_or(rule.fault)
}

fn subject_key_identifier(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    value.take(OCTET_STRING).map(|_| ())
}

fn key_usage(mut value: Der<'_>, facts: &mut Facts) -> Option<()> {
    facts.signs_nothing = !value.bits()?.is_set(DIGITAL_SIGNATURE);
    Some(())
}

fn basic_constraints(mut value: Der<'_>, facts: &mut Facts) -> Option<()> {
    let mut fields = value.take(SEQUENCE)?;
    facts.is_ca = fields.is_next(BOOLEAN) && fields.boolean()?;
    if fields.is_next(INTEGER) {
        let path_length = fields.integer()?;
        path_length.to_i64().filter(|length| *length >= 0)?;
    }
    Some(())
}

fn subject_alternative_names(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut names = value.take(SEQUENCE)?;
    while !names.is_empty() {
        let name = names.any()?;
        let text = name.content;
        let sound = match name.tag {
            MAIL | DOMAIN => text.is_ascii(),
            ADDRESS => matches!(text.len(), 4 | 16),
            URI => is_uri(text),
            _ => true,
        };
        sound.then_some(())?;
    }
    Some(())
}

const MAIL: u8 = context(1);
const DOMAIN: u8 = context(2);
const URI: u8 = context(6);
const ADDRESS: u8 = context(7);

fn is_uri(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.is_ascii());
    text.and_then(|text| Url::parse(text).ok())
        .is_some_and(|url| is_domain(&url.unescaped_host()))
}

fn name_constraints(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut fields = value.take(SEQUENCE)?;
    let permitted = fields.take_if(context_constructed(0))?;
    let excluded = fields.take_if(context_constructed(1))?;
    if !value.is_empty() || !fields.is_empty() {
        return None;
    }
    let subtrees = [permitted, excluded].map(|list| list.unwrap_or(Der(&[])));
    if subtrees.iter().all(|list| list.is_empty()) {
        return None;
    }
    for mut list in subtrees {
        while !list.is_empty() {
            let base = list.take(SEQUENCE)?.any()?;
            let text = base.content;
            let sound = match base.tag {
                MAIL if text.contains(&b'@') => text.is_ascii() && is_mailbox(text),
                MAIL | DOMAIN => is_domain_constraint(text),
                URI => is_domain_constraint(text) && !is_address(text),
                ADDRESS => matches!(text.len(), 8 | 32) && is_mask(&text[text.len() / 2..]),
                _ => true,
            };
            sound.then_some(())?;
        }
    }
    Some(())
}

fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text)
        .is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok())
}

/// Returns true for one bits followed by zero bits.
fn is_mask(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter().skip_while(|byte| **byte == 0xFF);
    rest.next()
        .is_none_or(|byte| byte.count_ones() == byte.leading_ones())
        && rest.all(|byte| *byte == 0)
}

fn revocation_lists(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut points = value.take(SEQUENCE)?;
    while !points.is_empty() {
        let mut point = points.take(SEQUENCE)?;
        let Some(mut name) = point.take_if(context_constructed(0))? else {
            continue;
        };
        let mut full_name = name.take(context_constructed(0))?;
        while full_name.is_next(URI) {
            full_name.any()?;
        }
    }
    Some(())
}

fn policies(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut list = value.take(SEQUENCE)?;
    let mut seen = HashSet::new();
    while !list.is_empty() {
        let id = list.take(SEQUENCE)?.take(OBJECT_IDENTIFIER)?.0;
        if !is_base_128(id) || !seen.insert(id) {
            return None;
        }
    }
    Some(())
}

fn policy_mappings(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut list = value.take(SEQUENCE)?;
    while !list.is_empty() {
        let mut pair = list.take(SEQUENCE)?;
        pair.take(OBJECT_IDENTIFIER)?;
        pair.take(OBJECT_IDENTIFIER)?;
    }
    Some(())
}

fn authority_key_identifier(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    value.take(SEQUENCE)?.take_if(context(0)).map(|_| ())
}

fn policy_constraints(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut fields = value.take(SEQUENCE)?;
    for number in [0, 1] {
        if let Some(content) = fields.take_if(context(number))? {
            Integer::new(content.0)?.to_i64()?;
        }
    }
    Some(())
}

fn extended_key_usage(mut value: Der<'_>, facts: &mut Facts) -> Option<()> {
    let mut uses = value.take(SEQUENCE)?;
    facts.not_for_clients = true;
    while !uses.is_empty() {
        let id = uses.oid()?;
        if id == CLIENT_AUTH || id == ANY_USE {
            facts.not_for_clients = false;
        }
    }
    Some(())
}

fn inhibit_any_policy(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    value.integer()?.to_i64().map(|_| ())
}

fn authority_information(mut value: Der<'_>, _: &mut Facts) -> Option<()> {
    let mut list = value.take(SEQUENCE)?;
    while !list.is_empty() {
        let mut item = list.take(SEQUENCE)?;
        item.oid()?;
        item.take_if(URI)?;
    }
    Some(())
}
