#include "CStorage.h"

#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// The polynomial 0x1EDC6F41, bits reversed.
#define POLYNOMIAL 0x82F63B78u

// Three streams hide the three-cycle latency of the crc32 instruction. Each takes `LONG_STREAM` bytes, then
// `SHORT_STREAM`; their states are joined by tables that advance a state over that many zero bytes.
#define LONG_STREAM 8192
#define SHORT_STREAM 256

static uint32_t byte_tables[8][256];
static uint32_t long_shift[4][256];
static uint32_t short_shift[4][256];

// A linear map of states: column i is the image of bit i.
typedef struct {
    uint32_t columns[32];
} state_map;

static uint32_t map_state(const state_map *map, uint32_t state) {
    uint32_t image = 0;
    for (int bit = 0; state != 0; bit++, state >>= 1) {
        if (state & 1) image ^= map->columns[bit];
    }
    return image;
}

/// The map that advances a state over `length` zero bytes, a power of two, as a table for each byte of the state.
static void make_shift(uint32_t table[4][256], size_t length) {
    state_map map, squared;
    for (int bit = 0; bit < 32; bit++) {
        uint32_t state = 1u << bit;
        map.columns[bit] = (state >> 8) ^ byte_tables[0][state & 0xFF];
    }
    for (; length > 1; length >>= 1) {
        for (int bit = 0; bit < 32; bit++) squared.columns[bit] = map_state(&map, map.columns[bit]);
        map = squared;
    }
    for (int place = 0; place < 4; place++) {
        for (uint32_t value = 0; value < 256; value++) table[place][value] = map_state(&map, value << (8 * place));
    }
}

__attribute__((constructor)) static void make_tables(void) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t state = value;
        for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ (state & 1 ? POLYNOMIAL : 0);
        byte_tables[0][value] = state;
    }
    for (uint32_t value = 0; value < 256; value++) {
        for (int slice = 1; slice < 8; slice++) {
            uint32_t state = byte_tables[slice - 1][value];
            byte_tables[slice][value] = (state >> 8) ^ byte_tables[0][state & 0xFF];
        }
    }
    make_shift(long_shift, LONG_STREAM);
    make_shift(short_shift, SHORT_STREAM);
}

static inline uint64_t load64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

uint32_t indelible_crc32c_portable(uint32_t crc, const void *data, size_t length) {
    const uint8_t *bytes = data;
    uint32_t state = ~crc;
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word = load64(bytes) ^ state;
        state = byte_tables[7][word & 0xFF] ^ byte_tables[6][(word >> 8) & 0xFF] ^
                byte_tables[5][(word >> 16) & 0xFF] ^ byte_tables[4][(word >> 24) & 0xFF] ^
                byte_tables[3][(word >> 32) & 0xFF] ^ byte_tables[2][(word >> 40) & 0xFF] ^
                byte_tables[1][(word >> 48) & 0xFF] ^ byte_tables[0][word >> 56];
    }
    for (; length > 0; bytes++, length--) state = (state >> 8) ^ byte_tables[0][(state ^ *bytes) & 0xFF];
    return ~state;
}

#if defined(__x86_64__)
#define HAS_INSTRUCTION __builtin_cpu_supports("sse4.2")
#define INSTRUCTION_TARGET __attribute__((target("sse4.2")))
#define CRC_BYTE(state, byte) __builtin_ia32_crc32qi((uint32_t)(state), (byte))
#define CRC_WORD(state, word) __builtin_ia32_crc32di((state), (word))
#elif defined(__aarch64__)
#if defined(__linux__)
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#define HAS_INSTRUCTION ((getauxval(AT_HWCAP) & HWCAP_CRC32) != 0)
#else
#define HAS_INSTRUCTION 1
#endif
#define INSTRUCTION_TARGET __attribute__((target("crc")))
#define CRC_BYTE(state, byte) __builtin_arm_crc32cb((uint32_t)(state), (byte))
#define CRC_WORD(state, word) ((uint64_t)__builtin_arm_crc32cd((uint32_t)(state), (word)))
#endif

#if defined(HAS_INSTRUCTION)

static inline uint32_t shift(uint32_t table[4][256], uint32_t state) {
    return table[0][state & 0xFF] ^ table[1][(state >> 8) & 0xFF] ^ table[2][(state >> 16) & 0xFF] ^
           table[3][state >> 24];
}

/// Advances over three adjacent streams of `stream` bytes each.
INSTRUCTION_TARGET static inline uint64_t three_streams(
    uint64_t state, const uint8_t *bytes, size_t stream, uint32_t table[4][256]
) {
    uint64_t second = 0, third = 0;
    for (size_t at = 0; at < stream; at += 8) {
        state = CRC_WORD(state, load64(bytes + at));
        second = CRC_WORD(second, load64(bytes + stream + at));
        third = CRC_WORD(third, load64(bytes + 2 * stream + at));
    }
    state = shift(table, (uint32_t)state) ^ second;
    return shift(table, (uint32_t)state) ^ third;
}

INSTRUCTION_TARGET static uint32_t crc32c_by_instruction(uint32_t crc, const void *data, size_t length) {
    const uint8_t *bytes = data;
    uint64_t state = (uint32_t)~crc;
    for (; length >= 3 * LONG_STREAM; bytes += 3 * LONG_STREAM, length -= 3 * LONG_STREAM) {
        state = three_streams(state, bytes, LONG_STREAM, long_shift);
    }
    for (; length >= 3 * SHORT_STREAM; bytes += 3 * SHORT_STREAM, length -= 3 * SHORT_STREAM) {
        state = three_streams(state, bytes, SHORT_STREAM, short_shift);
    }
    for (; length >= 8; bytes += 8, length -= 8) state = CRC_WORD(state, load64(bytes));
    for (; length > 0; bytes++, length--) state = CRC_BYTE(state, *bytes);
    return ~(uint32_t)state;
}

// Written once, before `main`, like the tables.
static bool has_instruction;

__attribute__((constructor)) static void look_for_instruction(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    has_instruction = HAS_INSTRUCTION;
}

uint32_t indelible_crc32c(uint32_t crc, const void *data, size_t length) {
    return has_instruction ? crc32c_by_instruction(crc, data, length) : indelible_crc32c_portable(crc, data, length);
}

#else

uint32_t indelible_crc32c(uint32_t crc, const void *data, size_t length) {
    return indelible_crc32c_portable(crc, data, length);
}

#endif
