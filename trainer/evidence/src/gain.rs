//! The evidence on each technique of a study: gains, intervals, verdicts.

use serde::Serialize;

use super::interval::checked_level;
use super::{
    Correctness, Crossed, Equivalence, Error, Gains, Interval, Needed, Resampling, Verdict, bootstrap, holm, judge,
};

/// With fewer seeds Satterthwaite's degrees of freedom rest on too little, and intervals are marked approximate.
const ENOUGH_SEEDS: usize = 5;

/// What is asked of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Confidence level of every interval, such as 0.95.
    pub level: f64,
    /// The shift by deployment that does not matter, points.
    pub margin: f64,
    /// Draws and seed of the bootstrap.
    pub resampling: Resampling,
}

impl Default for Settings {
    /// 95% intervals, a margin of 0.25 points, 10,000 bootstrap draws from seed 0.
    fn default() -> Self {
        Self { level: 0.95, margin: 0.25, resampling: Resampling::default() }
    }
}

/// How one recipe, the baseline or a technique, did in each deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Name, such as `l2`.
    pub name: String,
    /// The float network, seeds x documents.
    pub float: Correctness,
    /// The integer network on the host, the same seeds and documents.
    pub integer: Correctness,
    /// The integer network on the board; possibly fewer seeds and documents.
    pub board: Option<Correctness>,
}

/// What is known of one technique's gain over the baseline. Intervals are in points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// The technique: the recipe's name.
    pub recipe: String,
    /// Gain of the float network.
    pub float: Interval,
    /// Gain of the integer network on the host, over all documents: the deployed gain that the verdict is about.
    pub integer: Interval,
    /// Gain on the board, over the documents run there, if both recipes ran there. No part of the verdict.
    pub board: Option<Interval>,
    /// Integer gain minus float gain.
    pub shift: Interval,
    /// Whether the shift lies within the margin, by two one-sided tests.
    pub equivalence: Equivalence,
    /// Verdict from these intervals.
    pub verdict: Verdict,
    /// Two-sided p-value of "the float gain is 0".
    pub p: f64,
    /// The same, adjusted by Holm's method for the number of techniques.
    pub p_holm: f64,
    /// Verdict with error rates that count the techniques; see [`gains`].
    pub verdict_holm: Verdict,
    /// Percentile bootstrap intervals, beside the crossed ones.
    pub bootstrap: BootstrapIntervals,
    /// Number of seeds.
    pub seeds: usize,
    /// Number of documents.
    pub documents: usize,
    /// Whether there are fewer than five seeds.
    pub approximate: bool,
    /// For an inconclusive verdict, the seeds or documents that would settle it if the estimates stay as they are.
    pub needed: Option<Needed>,
}

/// Percentile bootstrap intervals of one technique's gain and how they were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BootstrapIntervals {
    /// Draws and seed, the same for all techniques.
    pub resampling: Resampling,
    /// Gain of the float network.
    pub float: Interval,
    /// Gain of the integer network on the host.
    pub integer: Interval,
    /// Integer gain minus float gain.
    pub shift: Interval,
}

/// The gain tables of one technique.
struct Tables {
    float: Gains,
    integer: Gains,
    shift: Gains,
}

/// Weighs several techniques against one baseline.
///
/// `verdict_holm` is [`Verdict::NotShown`] where Holm's adjusted p-value of the float gain exceeds `1 - level`;
/// otherwise it is the verdict from the same float interval with deployed and shift intervals at Bonferroni's level
/// `1 - (1 - level) / techniques`, so that each of the three claims holds for all techniques at once.
///
/// # Errors
///
/// [`Error::Level`], [`Error::Margin`], [`Error::NoDraws`], and [`Error::Shape`] unless all recipes have the same seeds
/// and documents in float and integer, and technique and baseline the same on the board.
pub fn gains(baseline: &Recipe, techniques: &[Recipe], settings: &Settings) -> Result<Vec<Gain>, Error> {
    checked_level(settings.level)?;
    if !(settings.margin.is_finite() && settings.margin >= 0.0) {
        return Err(Error::Margin(settings.margin));
    }
    let tables =
        techniques.iter().map(|technique| Tables::between(technique, baseline)).collect::<Result<Vec<_>, _>>()?;
    let p_values: Vec<f64> = tables.iter().map(|tables| Crossed::of(&tables.float).p_value()).collect();
    let adjusted = holm(&p_values);
    let bootstrapped = bootstrap_all(&tables, settings)?;

    let mut gains = Vec::with_capacity(techniques.len());
    for (index, (technique, tables)) in techniques.iter().zip(&tables).enumerate() {
        let estimates = [&tables.float, &tables.integer, &tables.shift].map(Crossed::of);
        let [float, integer, shift] = intervals(&estimates, settings.level)?;
        let (seeds, documents) = (tables.float.seeds(), tables.float.documents());
        let verdict = judge(float, integer, shift, settings.margin, seeds);

        let simultaneous = 1.0 - (1.0 - settings.level) / techniques.len() as f64;
        let [_, wide_integer, wide_shift] = intervals(&estimates, simultaneous)?;
        let verdict_holm = if adjusted[index] > 1.0 - settings.level {
            Verdict::NotShown
        } else {
            judge(float, wide_integer, wide_shift, settings.margin, seeds)
        };

        gains.push(Gain {
            recipe: technique.name.clone(),
            float,
            integer,
            board: board_interval(technique, baseline, settings.level)?,
            shift,
            equivalence: estimates[2].equivalence(settings.margin)?,
            verdict,
            p: p_values[index],
            p_holm: adjusted[index],
            verdict_holm,
            bootstrap: bootstrapped[index],
            seeds,
            documents,
            approximate: seeds < ENOUGH_SEEDS,
            needed: match verdict {
                Verdict::Inconclusive => Some(needed(&estimates, settings)?),
                _ => None,
            },
        });
    }
    Ok(gains)
}

impl Tables {
    fn between(technique: &Recipe, baseline: &Recipe) -> Result<Self, Error> {
        let float = Gains::between(&technique.float, &baseline.float)?;
        let integer = Gains::between(&technique.integer, &baseline.integer)?;
        let shift = Gains::shift(&integer, &float)?;
        Ok(Self { float, integer, shift })
    }
}

fn intervals(estimates: &[Crossed; 3], level: f64) -> Result<[Interval; 3], Error> {
    let [float, integer, shift] = estimates;
    Ok([float.interval(level)?, integer.interval(level)?, shift.interval(level)?])
}

fn board_interval(technique: &Recipe, baseline: &Recipe, level: f64) -> Result<Option<Interval>, Error> {
    match (&technique.board, &baseline.board) {
        (Some(technique), Some(baseline)) => {
            let gains = Gains::between(technique, baseline)?;
            Crossed::of(&gains).interval(level).map(Some)
        }
        _ => Ok(None),
    }
}

/// Resamples all tables of all techniques together.
fn bootstrap_all(tables: &[Tables], settings: &Settings) -> Result<Vec<BootstrapIntervals>, Error> {
    let together: Vec<Gains> =
        tables.iter().flat_map(|tables| [&tables.float, &tables.integer, &tables.shift]).cloned().collect();
    let intervals = bootstrap(&together, settings.resampling, settings.level)?;
    let by_technique = intervals.chunks_exact(3).map(|of_technique| BootstrapIntervals {
        resampling: settings.resampling,
        float: of_technique[0],
        integer: of_technique[1],
        shift: of_technique[2],
    });
    Ok(by_technique.collect())
}

/// What it takes to settle an inconclusive verdict if the estimates stay as they are.
///
/// A shift within the margin is to be told from the margin, and the deployed gain from 0; a shift below the margin is
/// lost once told from it. A shift above is settled by no number: it would take an interval of less than no width, and more
/// data only confirms that no other word fits.
fn needed([_, integer, shift]: &[Crossed; 3], settings: &Settings) -> Result<Needed, Error> {
    let Settings { level, margin, .. } = *settings;
    if shift.points < -margin {
        return shift.needed(-margin - shift.points, level);
    }
    let of_shift = shift.needed(margin - shift.points.abs(), level)?;
    let of_integer = integer.needed(integer.points.abs(), level)?;
    Ok(Needed {
        seeds: of_shift.seeds.zip(of_integer.seeds).map(|(a, b)| a.max(b)),
        documents: of_shift.documents.zip(of_integer.documents).map(|(a, b)| a.max(b)),
    })
}

#[cfg(test)]
mod tests;
