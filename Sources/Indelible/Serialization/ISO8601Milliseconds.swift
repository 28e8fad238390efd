#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Dates as `yyyy-MM-ddTHH:mm:ss.SSSZ`: exact to the millisecond both ways, so a date that was read is written with the
/// same bytes again. Foundation's own style cuts fractions off and loses a millisecond now and then.
enum ISO8601Milliseconds {
    /// Nil outside the years 0 to 9999.
    static func text(of date: Date) -> String? {
        let exact = (date.timeIntervalSince1970 * 1_000).rounded()
        guard exact >= -62_167_219_200_000, exact <= 253_402_300_799_999 else { return nil }
        let milliseconds = Int64(exact)
        let (days, inDay) = floorDivision(milliseconds, 86_400_000)
        let (year, month, day) = civil(daysSinceEpoch: days)
        let seconds = inDay / 1_000
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(seconds / 3_600, 2)):"
            + "\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(inDay % 1_000, 3))Z"
    }

    /// Reads a date and time with any fraction of a second and with `Z` or an offset (`+02:00`); nil for anything else.
    static func date(from text: String) -> Date? {
        var rest = Array(text.utf8)[...]
        guard let year = number(&rest, digits: 4), take("-", &rest),
            let month = number(&rest, digits: 2), (1...12).contains(month), take("-", &rest),
            let day = number(&rest, digits: 2), (1...31).contains(day), take("T", &rest),
            let hour = number(&rest, digits: 2), hour < 24, take(":", &rest),
            let minute = number(&rest, digits: 2), minute < 60, take(":", &rest),
            let second = number(&rest, digits: 2), second <= 60
        else { return nil }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        guard civil(daysSinceEpoch: days) == (year, month, day) else { return nil }
        var milliseconds = 0.0
        if take(".", &rest) {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty, let fraction = Double("0." + String(decoding: digits, as: UTF8.self)) else {
                return nil
            }
            rest = rest.dropFirst(digits.count)
            milliseconds = (fraction * 1_000).rounded()
        }
        guard let offset = offset(&rest), rest.isEmpty else { return nil }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: (Double(seconds) * 1_000 + milliseconds) / 1_000)
    }

    /// The zone's offset in seconds.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if take("Z", &rest) { return 0 }
        let sign: Int64
        if take("+", &rest) { sign = 1 } else if take("-", &rest) { sign = -1 } else { return nil }
        guard let hours = number(&rest, digits: 2), hours < 24 else { return nil }
        _ = take(":", &rest)
        guard let minutes = number(&rest, digits: 2), minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, digits: Int) -> Int64? {
        let text = rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(digits)
        return Int64(String(decoding: text, as: UTF8.self))
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    // The proleptic Gregorian calendar in eras of 400 years that begin on 1 March, so that the leap day comes last.

    private static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivision(daysSinceEpoch + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = floorDivision(month <= 2 ? year - 1 : year, 400)
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
