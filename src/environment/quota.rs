//! The CPU time that the control group of this process may use, and how often it was
//! stopped for it: in both versions of cgroups, the own group and those above it.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quota {
    /// CPUs' worth of time, the least of the group's and those above it; `None` where
    /// nothing limits it.
    pub cpus: Option<f64>,
    /// Since the group began: periods in which its quota stopped it.
    pub throttled: Option<u64>,
}

impl Quota {
    /// Reads it below `root`, which is `/` outside tests.
    pub(super) fn below(root: &Path) -> Self {
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let mut found = Self::default();
        for folder in folders(root, &groups) {
            let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
            let limits = [
                of_version_2(&read("cpu.max")),
                // The same in two files; -1 for none.
                share(&read("cpu.cfs_quota_us"), &read("cpu.cfs_period_us")),
            ];
            for cpus in limits.into_iter().flatten() {
                found.cpus = Some(found.cpus.map_or(cpus, |least: f64| least.min(cpus)));
            }
            let stopped = throttled(&read("cpu.stat"));
            found.throttled = found.throttled.max(stopped);
        }
        found
    }
}

/// The folders of the own group and of those above it. A container may show its own
/// group as the root: what does not exist there says nothing.
fn folders(root: &Path, groups: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        // `0::/user.slice` in version 2, `4:cpu,cpuacct:/docker/x` in version 1.
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let mounts: &[&str] = match controllers {
            "" => &["sys/fs/cgroup", "sys/fs/cgroup/unified"],
            _ if controllers.split(',').any(|it| it == "cpu") => {
                &["sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/cpu"]
            }
            _ => continue,
        };
        let group = Path::new(group.trim_start_matches('/'));
        for mount in mounts {
            let above = group.ancestors().map(|group| root.join(mount).join(group));
            folders.extend(above);
        }
    }
    folders
}

/// `cpu.max`: microseconds of CPU time a period, or `max`, and the period.
fn of_version_2(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    share(quota, period)
}

fn share(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

fn throttled(cpu_stat: &str) -> Option<u64> {
    let mut lines = cpu_stat.lines();
    let times = lines.find_map(|line| line.strip_prefix("nr_throttled "))?;
    times.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        root
    }

    #[test]
    fn the_least_quota_of_the_own_group_and_those_above_it_counts() {
        let root = system(&[
            ("proc/self/cgroup", "0::/ci.slice/job-7\n"),
            ("sys/fs/cgroup/ci.slice/job-7/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/ci.slice/job-7/cpu.stat", "nr_throttled 2\n"),
            ("sys/fs/cgroup/ci.slice/cpu.max", "150000 100000\n"),
            (
                "sys/fs/cgroup/ci.slice/cpu.stat",
                "nr_periods 9\nnr_throttled 5\n",
            ),
        ]);
        let found = Quota::below(root.path());
        assert_eq!((found.cpus, found.throttled), (Some(1.5), Some(5)));
    }

    #[test]
    fn a_quota_of_version_1_is_read_from_its_own_mount() {
        let folder = "sys/fs/cgroup/cpu,cpuacct/docker/x";
        let root = system(&[
            (
                "proc/self/cgroup",
                "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n",
            ),
            (&format!("{folder}/cpu.cfs_quota_us"), "50000\n"),
            (&format!("{folder}/cpu.cfs_period_us"), "100000\n"),
            (&format!("{folder}/cpu.stat"), "nr_throttled 1\n"),
        ]);
        let found = Quota::below(root.path());
        assert_eq!((found.cpus, found.throttled), (Some(0.5), Some(1)));
    }

    #[test]
    fn a_container_that_shows_its_group_as_the_root_is_understood() {
        let root = system(&[
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/cpu.max", "200000 100000\n"),
        ]);
        assert_eq!(Quota::below(root.path()).cpus, Some(2.0));
    }

    #[test]
    fn no_quota_and_no_groups_are_no_limit() {
        let root = system(&[
            ("proc/self/cgroup", "4:cpu:/\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ]);
        assert_eq!(Quota::below(root.path()), Quota::default());
        assert_eq!(Quota::below(system(&[]).path()), Quota::default());
    }
}
