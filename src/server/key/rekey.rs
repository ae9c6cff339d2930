//! Replaces the key and seals every token again.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use rusqlite::{Connection, Transaction};

use super::keys::{Keys, LOCATION, NUMBER, remember};
use super::ring::Ring;
use crate::server::seal::{self, Purpose, SealError};
use crate::server::store::{Store, StoreError, metadata};

impl Keys {
    /// Creates a new key, seals every token with it, and forgets the old keys. Returns the number of tokens.
    ///
    /// The new key is first stored beside the old ones, which are removed last: if the process is killed at any moment,
    /// every sealed token still has its key.
    ///
    /// # Errors
    /// When the present key is missing, a token can't be opened, or something can't be written. Nothing has changed
    /// then, except that the new key may be stored beside the old ones.
    pub(crate) fn rekey(&self, store: &Store) -> Result<usize, StoreError> {
        self.sweep();
        let (count, ring) = store.write(|transaction| self.reseal(transaction))?;
        if let Some(ring) = ring {
            self.forget_old(store, ring)?;
        }
        Ok(count)
    }

    fn reseal(&self, transaction: &Transaction<'_>) -> Result<(usize, Option<Ring>), StoreError> {
        let Some(name) = metadata::get(transaction, LOCATION)? else {
            return Ok((0, None));
        };
        let mut ring = self.load(transaction)?;
        let (number, key) = Ring::fresh(ring.number() + 1)?;
        ring.0.insert(number, key);
        self.location(&name, transaction)?.replace(&ring)?;
        let count = seal_all(transaction, &ring, number)?;
        remember(transaction, &ring)?;
        Ok((count, Some(ring)))
    }

    fn forget_old(&self, store: &Store, ring: Ring) -> Result<(), StoreError> {
        // Holds the write lock, so that no second rekey runs in between.
        store.write(|transaction| {
            let name = metadata::get(transaction, LOCATION)?.unwrap_or_default();
            let newest: BTreeMap<_, _> = ring.0.into_iter().next_back().into_iter().collect();
            let newest = Ring(newest);
            let current = metadata::get(transaction, NUMBER)?;
            if current.as_deref() == Some(newest.number().to_string().as_str()) {
                self.location(&name, transaction)?.replace(&newest)?;
                *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest);
            }
            Ok(())
        })
    }
}

fn seal_all(connection: &Connection, ring: &Ring, number: u32) -> Result<usize, StoreError> {
    let new = ring.0.get(&number).ok_or(SealError::UnknownKey(number))?;
    let mut statement = connection.prepare("SELECT credential_id FROM credential_tokens")?;
    let ids: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    // One token at a time, because all of them together may not fit into memory.
    for id in &ids {
        let (envelope, provider, url): (String, String, String) = connection.query_row(
            "SELECT sealed, ifnull(provider, ''), ifnull(url, '') FROM credential_tokens
             LEFT JOIN credentials ON id = credential_id WHERE credential_id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let purpose = Purpose {
            record: id,
            provider: &provider,
            url: &url,
        };
        let old = seal::key_number(&envelope)?;
        let key = ring.0.get(&old).ok_or(SealError::UnknownKey(old))?;
        let token = seal::open(key, purpose, &envelope)?;
        connection.execute(
            "UPDATE credential_tokens SET sealed = ?2 WHERE credential_id = ?1",
            [id, &seal::seal(number, new, purpose, &token)?],
        )?;
    }
    Ok(ids.len())
}
