//! Which of a file's writes that were not synced have reached the disk. Biased to the extremes.

use crate::disk::scratch::Dice;

/// What has survived of a file's writes since its last sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survivors {
    All,
    None,
    /// The first ones.
    First(usize),
    /// The first ones, and of the next one some of its sectors.
    Torn(usize, u64),
    /// Only the last one.
    Last,
    /// All but one.
    AllBut(usize),
    /// Writes by chance, as a whole.
    Writes,
    /// Sectors by chance.
    Sectors,
    /// Sectors by chance, and later ones may lie under earlier ones.
    Shuffled,
    /// None, but the file has its length.
    Length,
    /// Sectors by chance, and the file has its length.
    LengthAndSectors,
}

impl Survivors {
    pub(crate) fn chosen(pending: usize, dice: &mut Dice) -> Self {
        if pending == 0 {
            return Self::None;
        }
        match dice.below(12) {
            0 => Self::All,
            1 => Self::None,
            2 | 3 => Self::First(dice.below(pending)),
            4 | 5 => Self::Torn(dice.below(pending), dice.roll() % 9),
            6 => Self::Last,
            7 => Self::AllBut(dice.below(pending)),
            8 => Self::Writes,
            9 => Self::Sectors,
            10 => Self::Shuffled,
            _ => [Self::Length, Self::LengthAndSectors][dice.below(2)],
        }
    }

    /// Whether a sector of the nth of so many writes has survived. Writes begin anywhere in their first sector.
    pub(crate) fn keep(self, nth: usize, of: usize, sector: u64, dice: &mut Dice) -> bool {
        match self {
            Self::All => true,
            Self::None | Self::Length => false,
            Self::First(kept) => nth < kept,
            Self::Torn(kept, sectors) => nth < kept || (nth == kept && sector % 9 < sectors),
            Self::Last => nth + 1 == of,
            Self::AllBut(missing) => nth != missing,
            // One roll for the whole write: its number decides together with the first roll of the state.
            Self::Writes => Dice(dice.0 ^ nth as u64).once_in(2),
            Self::Sectors | Self::Shuffled | Self::LengthAndSectors => dice.once_in(2),
        }
    }

    pub(crate) fn keeps_length(self) -> bool {
        matches!(self, Self::Length | Self::LengthAndSectors)
    }
}
