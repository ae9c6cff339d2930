//! Small disks of a test's own, which nobody else sees.

use std::process::Command;

use super::streams;

/// The words that give a command mounts of its own with which this script succeeds, or why that is not allowed
/// here. An ordinary user may mount, but not everywhere mount anew.
pub fn own_mounts(script: &str) -> Result<&'static [&'static str], String> {
    const WAYS: [&[&str]; 2] = [
        &["unshare", "--mount"],
        &["unshare", "--user", "--map-root-user", "--mount"],
    ];
    let mut why = String::new();
    for way in WAYS {
        let tried = Command::new(way[0])
            .args(&way[1..])
            .args(["sh", "-c", script])
            .output();
        match tried {
            Ok(output) if output.status.success() => return Ok(way),
            Ok(output) => why = streams(&output).1,
            Err(error) => why = format!("unshare: {error}"),
        }
    }
    Err(why.trim().to_owned())
}
