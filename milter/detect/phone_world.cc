#include "detect/phone_world.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// The library's tables are built in and made on first use, by itself and once; its log is silent unless one is set.
static PhoneWorld world_value(const std::string &text, char *value)
{
    const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
    PhoneNumber number;
    PhoneWorld answer = PHONE_WORLD_UNKNOWN;
    if (util) {
        answer = PHONE_WORLD_NO;
        if (util->Parse(text, "ZZ", &number) == PhoneNumberUtil::NO_PARSING_ERROR &&
            number.country_code() != 1 && util->IsValidNumber(number)) {
            std::string written;
            util->Format(number, PhoneNumberUtil::E164, &written);
            if (written.size() > 1 && written.size() < PHONE_WORLD_VALUE) {
                std::memcpy(value, written.c_str(), written.size() + 1);
                answer = PHONE_WORLD_YES;
            }
        }
    }
    return answer;
}

PhoneWorld phone_world(const char *text, gsize n, char value[PHONE_WORLD_VALUE])
{
    PhoneWorld answer = PHONE_WORLD_NO;
    value[0] = '\0';
    if (n > 1 && n <= PHONE_WORLD_MOST && text[0] == '+') {
        try {
            answer = world_value(std::string(text, n), value);
        } catch (...) {
            answer = PHONE_WORLD_UNKNOWN;
        }
    }
    return answer;
}
