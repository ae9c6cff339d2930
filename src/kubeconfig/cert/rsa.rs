//! Checks that the parts of an RSA key belong together. The time of the arithmetic depends on the numbers. That leaks
//! nothing, because only the key's owner runs it.

#![allow(
    clippy::many_single_char_names,
    reason = "the parts of an RSA key have names of one letter"
)]

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul, Gcd, NonZero};
use zeroize::Zeroizing;

use super::der::Integer;

/// The size of the largest prime in a key without precomputed parts: RSA with 16,384 bits fits. It bounds the time of
/// the exponentiation.
const MAX_PRIME_BITS: u32 = 8192;

/// The numbers of an RSA key.
pub(super) struct Parts<'a> {
    pub(super) modulus: Integer<'a>,
    pub(super) exponent: i64,
    pub(super) private_exponent: Integer<'a>,
    /// At least two.
    pub(super) primes: Vec<Integer<'a>>,
    /// The private exponent modulo each prime less one, and the inverse of the second prime modulo the first.
    /// If one is absent, the others are ignored.
    pub(super) precomputed: [Option<Integer<'a>>; 3],
}

impl Parts<'_> {
    pub(super) fn belong_together(&self) -> bool {
        self.check().is_some()
    }

    fn check(&self) -> Option<()> {
        let precomputed = self.precomputed.iter().flatten();
        let mut all = [&self.modulus, &self.private_exponent]
            .into_iter()
            .chain(&self.primes)
            .chain(precomputed);
        ensure(all.all(|part| part.is_positive()))?;
        let n = Number::new(self.modulus);
        let d = Number::new(self.private_exponent);
        let e = u32::try_from(self.exponent).ok()?;
        ensure(
            n.is_odd() && n.bits() > 1 && e >> 31 == 0 && e > 2 && e % 2 == 1 && d.is_below(&n),
        )?;
        let primes: Vec<_> = self.primes.iter().copied().map(Number::new).collect();
        match primes.as_slice() {
            [p, q] => self.check_pair(&n, e, &d, p, q),
            primes => have_no_common_factor(primes),
        }
    }

    fn check_pair(&self, n: &Number, e: u32, d: &Number, p: &Number, q: &Number) -> Option<()> {
        ensure(p.bits() > 1 && q.bits() > 1 && p.is_below(n) && q.is_below(n))?;
        let (p_less_1, q_less_1) = (p.less_1(), q.less_1());
        let e = Number::from(e);
        match self.precomputed {
            [Some(dp), Some(dq), Some(inverse)] => {
                let [dp, dq, inverse] = [dp, dq, inverse].map(Number::new);
                ensure(dp.is_below(&p_less_1) && dq.is_below(&q_less_1) && inverse.is_below(p))?;
                ensure(d.modulo(&p_less_1)?.equals(&dp) && d.modulo(&q_less_1)?.equals(&dq))?;
                ensure(q.times(&inverse).modulo(p)?.is_one())?;
            }
            _ => {
                ensure(p.is_odd() && p.bits() <= MAX_PRIME_BITS)?;
                ensure(q.modulo(p)?.power(&p_less_1, p)?.is_one())?;
            }
        }
        ensure(p.times(q).modulo(n)?.is_zero())?;
        for less_1 in [&p_less_1, &q_less_1] {
            ensure(less_1.bits() > 1 && d.times(&e).modulo(less_1)?.is_one())?;
        }
        let distance = i64::from(p.distance(q).bits());
        let half = i64::from(n.bits() / 2);
        ensure(distance > 0 && distance > half - 100 && i64::from(d.bits()) > half)
    }
}

/// The only check of keys with three or more primes.
fn have_no_common_factor(primes: &[Number]) -> Option<()> {
    let mut product = Number::from(1);
    for prime in primes {
        // The remainder stays small, however large the product grows.
        ensure(prime.bits() > 1 && product.modulo(prime)?.is_prime_to(prime))?;
        product = product.times(prime);
    }
    Some(())
}

fn ensure(condition: bool) -> Option<()> {
    condition.then_some(())
}

/// A number that is wiped when it is dropped.
struct Number(Zeroizing<BoxedUint>);

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self(Zeroizing::new(BoxedUint::from(value)))
    }
}

impl Number {
    fn new(value: Integer<'_>) -> Self {
        let number = BoxedUint::from_be_slice_vartime(value.magnitude());
        Self(Zeroizing::new(number))
    }

    fn bits(&self) -> u32 {
        self.0.bit_width_vartime()
    }

    fn is_odd(&self) -> bool {
        self.0.bit_vartime(0)
    }

    fn is_zero(&self) -> bool {
        self.bits() == 0
    }

    fn is_one(&self) -> bool {
        self.bits() == 1
    }

    fn is_below(&self, other: &Self) -> bool {
        self.0.cmp_vartime(&*other.0).is_lt()
    }

    fn equals(&self, other: &Self) -> bool {
        self.0.cmp_vartime(&*other.0).is_eq()
    }

    fn times(&self, other: &Self) -> Self {
        Self(Zeroizing::new(self.0.concatenating_mul(&*other.0)))
    }

    fn modulo(&self, modulus: &Self) -> Option<Self> {
        let modulus: &NonZero<BoxedUint> = modulus.0.as_nz_vartime()?;
        Some(Self(Zeroizing::new(self.0.rem_vartime(modulus))))
    }

    /// Subtracts one from a number that is not zero.
    fn less_1(&self) -> Self {
        Self(Zeroizing::new(self.0.wrapping_sub(BoxedUint::one())))
    }

    fn distance(&self, other: &Self) -> Self {
        let (large, small) = if self.is_below(other) {
            (other, self)
        } else {
            (self, other)
        };
        Self(Zeroizing::new(large.0.wrapping_sub(&*small.0)))
    }

    /// Raises to a power. `self` must be below the modulus.
    fn power(&self, exponent: &Self, modulus: &Self) -> Option<Self> {
        let modulus = modulus.0.as_odd_vartime()?.clone();
        let parameters = BoxedMontyParams::new_vartime(modulus);
        let base = BoxedMontyForm::new((*self.0).clone(), &parameters);
        Some(Self(Zeroizing::new(base.pow(&exponent.0).retrieve())))
    }

    fn is_prime_to(&self, other: &Self) -> bool {
        Self(Zeroizing::new(self.0.gcd_vartime(&other.0))).is_one()
    }
}
