//! Reads a certificate in DER: refuses it as Kubernetes' client does, and collects the facts that the lint checks.

use std::collections::HashSet;

use jiff::Timestamp;

use super::damage::Damage;
use super::date;
use super::der::{
    BOOLEAN, Der, Integer, OCTET_STRING, Oid, SEQUENCE, context, context_constructed,
};
use super::extension::{self, Facts};
use super::name;
use super::public_key::{PublicKey, algorithm};

/// The facts about a certificate.
pub(crate) struct Certificate {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) is_ca: bool,
    /// Whether its key usage allows TLS client authentication.
    pub(crate) for_clients: bool,
    /// Whether its organization is `system:masters`, which has full rights in every cluster.
    pub(crate) system_masters: bool,
    pub(super) key: PublicKey,
}

impl Certificate {
    pub(crate) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Reads and checks a certificate as Kubernetes' client does. The client ignores everything after the last field
    /// that it knows, and does not check dates, usage and signature.
    pub(super) fn parse(der: &[u8]) -> Result<Self, Damage> {
        let mut input = Der(der);
        let mut outer = input
            .take(SEQUENCE)
            .ok_or(Damage("it is not a certificate"))?;
        if !input.is_empty() {
            return Err(Damage("something follows behind the certificate"));
        }
        let mut body = outer
            .take(SEQUENCE)
            .ok_or(Damage("it is not a certificate"))?;
        let version = version(&mut body)?;
        let serial = body
            .integer()
            .ok_or(Damage("its serial number is malformed"))?;
        if serial.is_negative() {
            return Err(Damage("its serial number is negative"));
        }
        signature_algorithm(&mut body, &mut outer)?;
        let issuer = body
            .take(SEQUENCE)
            .ok_or(Damage("its issuer is malformed"))?;
        name::has_organization(issuer, "")?;
        let (not_before, not_after) =
            validity(&mut body).ok_or(Damage("its dates are malformed"))?;
        let subject = body
            .take(SEQUENCE)
            .ok_or(Damage("its subject is malformed"))?;
        let system_masters = name::has_organization(subject, "system:masters")?;
        let key = PublicKey::parse(&mut body)?;
        let facts = match version {
            Version::V1 => Facts::default(),
            Version::V2 => after_key(&mut body).map(|()| Facts::default())?,
            Version::V3 => after_key(&mut body).and_then(|()| extensions(&mut body))?,
        };
        if outer.bits().is_none() {
            return Err(Damage("its signature is malformed"));
        }
        Ok(Self {
            not_before,
            not_after,
            is_ca: facts.is_ca,
            for_clients: facts.is_for_clients(),
            system_masters,
            key,
        })
    }
}

enum Version {
    V1,
    V2,
    V3,
}

fn version(body: &mut Der<'_>) -> Result<Version, Damage> {
    let malformed = Damage("its version is malformed");
    let Some(mut explicit) = body.take_if(context_constructed(0)).ok_or(malformed)? else {
        return Ok(Version::V1);
    };
    let number = explicit.integer().and_then(Integer::to_i64);
    match number.filter(|_| explicit.is_empty()) {
        // The client adds 1 before it compares, and the largest number becomes a negative one.
        Some(0 | i64::MAX) => Ok(Version::V1),
        Some(1) => Ok(Version::V2),
        Some(2) => Ok(Version::V3),
        Some(3..) => Err(Damage("its version is unknown")),
        _ => Err(malformed),
    }
}

/// Checks the signature algorithm. A certificate names it twice, with the same bytes.
fn signature_algorithm(body: &mut Der<'_>, outer: &mut Der<'_>) -> Result<(), Damage> {
    let malformed = Damage("its signature algorithm is malformed");
    let mut inner = body.take(SEQUENCE).ok_or(malformed)?;
    if outer.take(SEQUENCE).ok_or(malformed)?.0 != inner.0 {
        return Err(Damage("it names two signature algorithms"));
    }
    algorithm(&mut inner).map(|_| ()).ok_or(malformed)
}

fn validity(body: &mut Der<'_>) -> Option<(Timestamp, Timestamp)> {
    let mut dates = body.take(SEQUENCE)?;
    Some((date::read(&mut dates)?, date::read(&mut dates)?))
}

/// Skips the two unique identifiers, which nobody uses.
fn after_key(body: &mut Der<'_>) -> Result<(), Damage> {
    for number in [1, 2] {
        body.take_if(context(number))
            .ok_or(Damage("a unique identifier is malformed"))?;
    }
    Ok(())
}

fn extensions(body: &mut Der<'_>) -> Result<Facts, Damage> {
    let malformed = Damage("its extensions are malformed");
    let Some(mut explicit) = body.take_if(context_constructed(3)).ok_or(malformed)? else {
        return Ok(Facts::default());
    };
    let list = explicit.take(SEQUENCE).ok_or(malformed)?;
    // The client checks the form of all extensions before the content of any; its message depends on this order.
    let mut seen = HashSet::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (id, ..) = extension(&mut rest).ok_or(malformed)?;
        if !seen.insert(id) {
            return Err(Damage("it has an extension twice"));
        }
    }
    let (mut facts, mut rest) = (Facts::default(), list);
    while let Some((id, critical, value)) = extension(&mut rest) {
        extension::check(id, critical, value, &mut facts)?;
    }
    Ok(facts)
}

fn extension<'a>(list: &mut Der<'a>) -> Option<(Oid<'a>, bool, Der<'a>)> {
    let mut item = list.take(SEQUENCE)?;
    let id = item.oid()?;
    let critical = item.is_next(BOOLEAN) && item.boolean()?;
    Some((id, critical, item.take(OCTET_STRING)?))
}
