//! YAML for everything but kubeconfigs: the one place that names the YAML library.

use serde::Serialize;

/// A value as YAML.
///
/// # Errors
/// When the value can't be written as YAML.
pub fn to_string(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_yaml::to_string(value)?)
}
