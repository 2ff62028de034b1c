//! What a machine does at a moment: load, time stolen by the hypervisor, time
//! withheld by a quota, frequency.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::quota::Quota;

/// Steal time above this share of the CPU time is worth a word.
const MUCH_STEAL: f64 = 0.01;
/// Frequencies that differ by more than this share are worth a word.
const MUCH_FREQUENCY: f64 = 0.05;

/// A reading; what the system does not tell is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    /// Load average of the last minute.
    pub load: Option<f64>,
    /// Since boot: ticks of all CPUs, and those that the hypervisor gave away.
    pub ticks: Option<(u64, u64)>,
    /// CPU time that the own control group may use, and how often it was stopped.
    pub quota: Quota,
    /// Lowest and highest frequency of the CPUs at this moment, MHz.
    pub frequency_mhz: Option<(f64, f64)>,
    /// Frequency governor.
    pub governor: Option<String>,
}

impl Conditions {
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            load: load(&read("/proc/loadavg")),
            ticks: ticks(&read("/proc/stat")),
            quota: Quota::below(Path::new("/")),
            frequency_mhz: frequency(Path::new("/sys/devices/system/cpu"))
                .or_else(|| nominal(&read("/proc/cpuinfo"))),
            governor: Some(read(
                "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
            ))
            .map(|governor| governor.trim().to_owned())
            .filter(|governor| !governor.is_empty()),
        }
    }

    /// The share of all CPU time since `before` that the hypervisor gave to
    /// others, 0 to 1.
    pub fn steal_since(&self, before: &Self) -> Option<f64> {
        let ((all, stolen), (all_before, stolen_before)) = (self.ticks?, before.ticks?);
        let passed = all.checked_sub(all_before).filter(|&ticks| ticks > 0)?;
        Some(stolen.saturating_sub(stolen_before) as f64 / passed as f64)
    }

    fn throttled_since(&self, before: &Self) -> Option<u64> {
        self.quota.throttled?.checked_sub(before.quota.throttled?)
    }

    /// As a record shows them, from `before` to now.
    pub fn observed_since(&self, before: &Self) -> BTreeMap<String, String> {
        let load = |at: &Self| {
            at.load
                .map_or("unknown".to_owned(), |load| format!("{load:.2}"))
        };
        let average = || format!("{} at the start, {} at the end", load(before), load(self));
        let steal = self.steal_since(before);
        let throttled = self.throttled_since(before);
        let range = |(low, high): (f64, f64)| format!("{low:.0} to {high:.0} MHz");
        let facts = [
            ("load_average", self.load.map(|_| average())),
            ("steal", steal.map(|share| format!("{:.2}%", 100.0 * share))),
            (
                "cpu_quota",
                self.quota.cpus.map(|it| format!("{it:.2} CPUs")),
            ),
            ("throttled", throttled.map(|it| format!("in {it} periods"))),
            ("frequency", self.frequency_mhz.map(range)),
            ("governor", self.governor.clone()),
        ];
        facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    /// What makes wall clock measured from `before` to now doubtful, in words.
    pub fn likely_causes_since(&self, before: &Self, cores: u32) -> Vec<String> {
        let mut causes = Vec::new();
        if let Some(share) = self.steal_since(before).filter(|&share| share > MUCH_STEAL) {
            causes.push(format!(
                "the hypervisor gave {:.1}% of the CPU time to others",
                100.0 * share
            ));
        }
        if let Some(times) = self.throttled_since(before).filter(|&times| times > 0) {
            let quota = self.quota.cpus;
            let quota = quota.map_or_else(String::new, |cpus| format!(" of {cpus:.2} CPUs"));
            causes.push(format!(
                "the control group's CPU quota{quota} stopped it in {times} periods"
            ));
        }
        // The run itself keeps one core busy.
        let loads = [before.load, self.load].into_iter().flatten();
        let load = loads.fold(0.0, f64::max);
        if cores > 0 && load > f64::from(cores) {
            causes.push(format!("a load of {load:.1} on {cores} cores"));
        }
        let readings = [before.frequency_mhz, self.frequency_mhz];
        let ends = readings.into_iter().flatten();
        let range = range(ends.flat_map(|(low, high)| [low, high]));
        if let Some((low, high)) = range
            && low * (1.0 + MUCH_FREQUENCY) < high
        {
            causes.push(format!("CPU frequencies from {low:.0} to {high:.0} MHz"));
        }
        causes
    }
}

fn load(loadavg: &str) -> Option<f64> {
    loadavg.split(' ').next()?.parse().ok()
}

/// Of the line `cpu`: user, nice, system, idle, iowait, irq, softirq, steal;
/// what follows is counted in the first two already.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .map_while(|ticks| ticks.parse().ok())
        .collect();
    Some((ticks.iter().sum(), *ticks.get(7)?))
}

fn frequency(cpus: &Path) -> Option<(f64, f64)> {
    let khz = |entry: fs::DirEntry| -> Option<f64> {
        let file = entry.path().join("cpufreq/scaling_cur_freq");
        fs::read_to_string(file).ok()?.trim().parse().ok()
    };
    range(
        fs::read_dir(cpus)
            .ok()?
            .flatten()
            .filter_map(khz)
            .map(|khz| khz / 1e3),
    )
}

/// What `/proc/cpuinfo` says; in a virtual machine a constant.
fn nominal(cpuinfo: &str) -> Option<(f64, f64)> {
    let mhz = |line: &str| {
        line.strip_prefix("cpu MHz")?
            .split_once(':')?
            .1
            .trim()
            .parse()
            .ok()
    };
    range(cpuinfo.lines().filter_map(mhz))
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 0 100 700 50 0 0 50 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";

    #[test]
    fn the_systems_files_are_understood() {
        assert_eq!(load("2.62 4.27 3.00 3/111 1140\n"), Some(2.62));
        assert_eq!(ticks(STAT), Some((1000, 50)));
        let two = "cpu MHz\t\t: 2596.1\nother : 1\ncpu MHz\t\t: 800\n";
        assert_eq!(nominal(two), Some((800.0, 2596.1)));
    }

    #[test]
    fn a_system_that_tells_nothing_gives_nothing() {
        for parsed in [load(""), load("x")] {
            assert_eq!(parsed, None);
        }
        assert_eq!(ticks("cpu  1 2 3\n"), None, "a kernel before steal time");
        assert_eq!(nominal(""), None);
        let silent = Conditions::default();
        assert!(silent.observed_since(&silent).is_empty());
        assert!(silent.likely_causes_since(&silent, 2).is_empty());
    }

    fn quota(times: u64) -> Quota {
        Quota {
            cpus: Some(1.5),
            throttled: Some(times),
        }
    }

    #[test]
    fn causes_are_named_where_they_are_large() {
        let before = Conditions {
            load: Some(0.5),
            ticks: Some((1000, 50)),
            quota: quota(3),
            frequency_mhz: Some((3000.0, 3000.0)),
            governor: None,
        };
        let quiet = Conditions {
            ticks: Some((2000, 55)),
            ..before.clone()
        };
        assert_eq!(quiet.steal_since(&before), Some(0.005));
        assert!(quiet.likely_causes_since(&before, 2).is_empty());
        let disturbed = Conditions {
            load: Some(2.5),
            ticks: Some((2000, 150)),
            quota: quota(4),
            frequency_mhz: Some((2000.0, 3000.0)),
            governor: None,
        };
        let causes = disturbed.likely_causes_since(&before, 2).join("; ");
        for word in [
            "10.0%",
            "quota of 1.50 CPUs stopped it in 1 periods",
            "load of 2.5",
            "2000 to 3000 MHz",
        ] {
            assert!(causes.contains(word), "{word} in {causes}");
        }
    }
}
