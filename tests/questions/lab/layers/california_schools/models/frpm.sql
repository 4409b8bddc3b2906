select
    "CDSCode" as cds_code, "Academic Year" as academic_year, "County Code" as county_code,
    "District Code" as district_code, "School Code" as school_code,
    "County Name" as meal_county, "District Name" as meal_district, "School Name" as meal_school,
    "District Type" as district_type, "School Type" as school_type, "Educational Option Type" as education_option_type,
    "NSLP Provision Status" as nslp_provision_status, "Charter School (Y/N)" as meal_charter,
    "Charter School Number" as meal_charter_number, "Charter Funding Type" as meal_charter_funding, "IRC" as irc,
    "Low Grade" as low_grade, "High Grade" as high_grade,
    "Enrollment (K-12)" as enrollment_k12, "Free Meal Count (K-12)" as free_meals_k12,
    "Percent (%) Eligible Free (K-12)" as free_rate_k12, "FRPM Count (K-12)" as frpm_k12,
    "Percent (%) Eligible FRPM (K-12)" as frpm_rate_k12,
    "Enrollment (Ages 5-17)" as enrollment_5_17, "Free Meal Count (Ages 5-17)" as free_meals_5_17,
    "Percent (%) Eligible Free (Ages 5-17)" as free_rate_5_17, "FRPM Count (Ages 5-17)" as frpm_5_17,
    "Percent (%) Eligible FRPM (Ages 5-17)" as frpm_rate_5_17,
    "2013-14 CALPADS Fall 1 Certification Status" as certification_status,
    date '2015-07-01' as meal_date
from main.frpm
